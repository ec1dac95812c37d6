//! The mutants of `qa.md` §9: what each does wrong, and what must notice it.

/// One wrong behaviour of a producer that does everything else right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is said in MUTANTS")]
pub enum Wrong {
    Nothing,
    OtherPatient,
    OtherType,
    Hyphen,
    TenDigits,
    UnknownFault,
    UnknownAll,
    EmptyNotFound,
    PeriodIgnored,
    StartExclusive,
    EndExclusive,
    EndSameDay,
    ReversedAll,
    WrongTime,
    AsUtc,
    UnitIgnored,
    UnitAnyCase,
    Latin1,
    Question,
    NoUtf16,
    Utf16Unsaid,
    DoubleEscape,
    NoMandatory,
    WrongOrder,
    WrongNamespace,
    BadEnumeration,
    EmptyText,
    Placeholder,
    IsoDate,
    NoSuchDay,
    Future,
    CodeAlone,
    SameId,
    IdsChange,
    OtherSource,
    FirstUnitOnly,
    ContactIgnored,
    SourceIgnored,
    ContactAlone,
    SourceMismatch,
    AnyOf,
    CutAt100,
    CutMidElement,
    Slow,
    SlowTenth,
    Mixed,
    Crowded,
    Slower,
    NeverRecovers,
    Reset,
    OriginalIgnored,
    AbsentAll,
    LimitedFault,
    ApplicationXml,
    Soap12,
    OtherVersion,
    TwoBodies,
    Fault200,
    Html,
    FaultPatient,
    FaultName,
    StackTrace,
    OkWithError,
    NoLogId,
    InvalidAnswered,
    PrefixesRefused,
    DocumentType,
    NoCertificate,
    NoUnit,
    NoGiver,
    AlwaysApproved,
    NoApproved,
    SignedUnsigned,
    NullifiedContent,
    OddType,
    IndexNoUpdate,
    IndexNoDelete,
    IndexStale,
    IndexEveryMinute,
    IndexTooMany,
    IndexCategory,
}

/// A mutant.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// `MP-01`
    pub id: &'static str,
    /// What it does.
    pub wrong: Wrong,
    /// In words.
    pub title: &'static str,
    /// Rules and themes one of which must notice it.
    pub expected: &'static [&'static str],
}

const fn m(id: &'static str, wrong: Wrong, title: &'static str, expected: &'static [&'static str]) -> Mutant {
    Mutant { id, wrong, title, expected }
}

/// All of them.
pub const MUTANTS: &[Mutant] = &[
    m("MP-01", Wrong::OtherPatient, "record of another patient added", &["RT-07", "TF 1.1.1"]),
    m("MP-02", Wrong::OtherType, "patient id right, type wrong", &["RT-07"]),
    m("MP-03", Wrong::Hyphen, "patient id with hyphen", &["RT-21"]),
    m("MP-04", Wrong::TenDigits, "10-digit patient id", &["RT-21"]),
    m("MP-05", Wrong::UnknownFault, "unknown patient gets a SOAP fault", &["RT-08", "TF 1.6"]),
    m("MP-06", Wrong::UnknownAll, "unknown patient gets all records", &["RT-07", "TF 1.6"]),
    m("MP-07", Wrong::EmptyNotFound, "known patient without data gets HTTP 404", &["TF 1.6", "RT-01"]),
    m("MP-08", Wrong::PeriodIgnored, "period filter ignored", &["TF 1.2"]),
    m("MP-09", Wrong::StartExclusive, "start day exclusive", &["TF 1.2"]),
    m("MP-10", Wrong::EndExclusive, "end day exclusive", &["TF 1.2"]),
    m("MP-11", Wrong::EndSameDay, "missing end treated as same day", &["TF 1.2"]),
    m("MP-12", Wrong::ReversedAll, "reversed period returns all", &["TF 1.2"]),
    m("MP-13", Wrong::WrongTime, "filters on the wrong time", &["TF 1.2"]),
    m("MP-14", Wrong::AsUtc, "period compared as UTC", &["TF 1.2"]),
    m("MP-15", Wrong::UnitIgnored, "unit filter ignored", &["TF 1.3"]),
    m("MP-16", Wrong::UnitAnyCase, "unit filter case-insensitive", &["TF 1.3"]),
    m("MP-17", Wrong::Latin1, "ISO-8859-1 bytes declared UTF-8", &["RT-02", "TF 2.1"]),
    m("MP-18", Wrong::Question, "åäö replaced by ?", &["RT-16", "TF 2.1"]),
    m("MP-19", Wrong::NoUtf16, "UTF-16 request refused", &["TF 2.2"]),
    m("MP-20", Wrong::Utf16Unsaid, "charset parameter missing and UTF-16 sent", &["RT-02"]),
    m("MP-21", Wrong::DoubleEscape, "& double-escaped", &["RT-16"]),
    m("MP-22", Wrong::NoMandatory, "mandatory element missing", &["RT-03"]),
    m("MP-23", Wrong::WrongOrder, "elements in wrong order", &["RT-03"]),
    m("MP-24", Wrong::WrongNamespace, "element in wrong namespace", &["RT-03"]),
    m("MP-25", Wrong::BadEnumeration, "enumeration value not allowed", &["RT-03"]),
    m("MP-26", Wrong::EmptyText, "empty mandatory string", &["RT-14"]),
    m("MP-27", Wrong::Placeholder, "placeholder ? in text", &["RT-14"]),
    m("MP-28", Wrong::IsoDate, "date 2013-11-01", &["RT-12", "RT-03"]),
    m("MP-29", Wrong::NoSuchDay, "31 February", &["RT-12"]),
    m("MP-30", Wrong::Future, "time in the future", &["RT-12"]),
    m("MP-31", Wrong::CodeAlone, "code without codeSystem", &["RT-15", "Schematron"]),
    m("MP-32", Wrong::SameId, "two records with the same id", &["RT-10"]),
    m("MP-33", Wrong::IdsChange, "record ids change between calls", &["RT-10", "GEN-R"]),
    m("MP-34", Wrong::OtherSource, "sourceSystemHSAId of another system", &["RT-11"]),
    m("MP-35", Wrong::FirstUnitOnly, "answers only first of two asked units", &["TF 1.3"]),
    m("MP-36", Wrong::ContactIgnored, "careContactId filter ignored", &["TF 1.5"]),
    m("MP-37", Wrong::SourceIgnored, "sourceSystemHSAId filter ignored", &["TF 1.4", "RT-11"]),
    m("MP-38", Wrong::ContactAlone, "careContactId accepted without sourceSystemHSAId", &["TF 1.7"]),
    m("MP-39", Wrong::SourceMismatch, "sourceSystemHSAId that is not the LogicalAddress accepted", &["TF 1.7"]),
    m("MP-40", Wrong::AnyOf, "combination treated as or", &["TF 1.8"]),
    m("MP-41", Wrong::CutAt100, "large answer cut at 100 records", &["TF 1.9"]),
    m("MP-42", Wrong::CutMidElement, "large answer truncated mid-element", &["RT-01"]),
    m("MP-43", Wrong::Slow, "answer after 16 s", &["RT-09"]),
    m("MP-44", Wrong::SlowTenth, "every tenth answer after 20 s", &["TF 6.1.1", "RT-09"]),
    m("MP-45", Wrong::Mixed, "mixes answers of simultaneous calls", &["RT-18", "TF 6.1.1"]),
    m("MP-46", Wrong::Crowded, "fails above 8 simultaneous calls", &["TF 6.1.1"]),
    m("MP-47", Wrong::Slower, "slows 1 % per minute", &["TF 6.1.2"]),
    m("MP-48", Wrong::NeverRecovers, "never recovers after the peak", &["TF 6.2.1"]),
    m("MP-49", Wrong::Reset, "connection reset every 50th call", &["TF 6.1.1"]),
    m("MP-50", Wrong::OriginalIgnored, "original-consumer header ignored", &["TF 7.2"]),
    m("MP-51", Wrong::AbsentAll, "header absent gives all records although declared refused", &["TF 7.3"]),
    m("MP-52", Wrong::LimitedFault, "limited consumer gets a fault instead of a filtered answer", &["TF 7.2"]),
    m("MP-53", Wrong::ApplicationXml, "Content-Type application/xml", &["RT-02"]),
    m("MP-54", Wrong::Soap12, "SOAP 1.2 envelope", &["RT-01"]),
    m("MP-55", Wrong::OtherVersion, "body element of another version namespace", &["RT-01", "RT-03"]),
    m("MP-56", Wrong::TwoBodies, "two body children", &["RT-01"]),
    m("MP-57", Wrong::Fault200, "fault with HTTP 200", &["RT-04"]),
    m("MP-58", Wrong::Html, "error as HTML page", &["RT-01", "RT-04"]),
    m("MP-59", Wrong::FaultPatient, "fault text holds the patient id", &["RT-05", "TF 1.7"]),
    m("MP-60", Wrong::FaultName, "fault detail holds the patient's name", &["RT-05"]),
    m("MP-61", Wrong::StackTrace, "stack trace in fault", &["RT-06"]),
    m("MP-62", Wrong::OkWithError, "resultCode OK with an error text and no data", &["RT-04", "TF 1.7"]),
    m("MP-63", Wrong::NoLogId, "logId missing", &["Schematron", "RT-06"]),
    m("MP-64", Wrong::InvalidAnswered, "invalid request answered with data", &["TF 1.7"]),
    m("MP-65", Wrong::PrefixesRefused, "refuses other namespace prefixes", &["RT-19"]),
    m("MP-66", Wrong::DocumentType, "accepts DTD, resolves entity", &["RT-17", "GEN-N"]),
    m("MP-67", Wrong::NoCertificate, "works without client certificate", &["RT-20", "GEN-N"]),
    m("MP-68", Wrong::NoUnit, "care unit HSA-id missing", &["TF 3.1", "Schematron"]),
    m("MP-69", Wrong::NoGiver, "care giver HSA-id missing", &["TF 3.2"]),
    m("MP-70", Wrong::AlwaysApproved, "approvedForPatient always true", &["TF 4.2"]),
    m("MP-71", Wrong::NoApproved, "approvedForPatient missing", &["TF 4.1", "RT-03"]),
    m("MP-72", Wrong::SignedUnsigned, "signature time on unsigned record", &["TF 5.x"]),
    m("MP-73", Wrong::NullifiedContent, "nullified record returned with content", &["Schematron"]),
    m("MP-74", Wrong::OddType, "xsi:type outside the schema", &["RT-17", "RT-03"]),
    m("MP-75", Wrong::IndexNoUpdate, "index: no Update after new record", &["EI_TF 1.1", "missing"]),
    m("MP-76", Wrong::IndexNoDelete, "index: no delete after last record", &["EI_TF 1.3", "orphan"]),
    m("MP-77", Wrong::IndexStale, "index: old mostRecentContent", &["EI_TF 1.2", "stale"]),
    m("MP-78", Wrong::IndexEveryMinute, "index: Update every minute for one key", &["EI_TF 2.2"]),
    m("MP-79", Wrong::IndexTooMany, "index: 1 001 transactions", &["EI_TF 2.3"]),
    m("MP-80", Wrong::IndexCategory, "index: wrong categorization", &["wrong-category"]),
];

impl Wrong {
    /// Whether it is what an index is told that is wrong, and not what is answered.
    pub fn is_of_index(self) -> bool {
        matches!(
            self,
            Self::IndexNoUpdate
                | Self::IndexNoDelete
                | Self::IndexStale
                | Self::IndexEveryMinute
                | Self::IndexTooMany
                | Self::IndexCategory
        )
    }
}

impl Mutant {
    /// The mutant with this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        MUTANTS.iter().find(|mutant| mutant.id.eq_ignore_ascii_case(id))
    }

    /// Whether a rule or theme is one that must notice it.
    pub fn is_expected(&self, by: &str) -> bool {
        self.expected.iter().any(|expected| match expected.strip_suffix('x') {
            Some(beginning) => by.starts_with(beginning),
            None => *expected == by,
        })
    }
}
