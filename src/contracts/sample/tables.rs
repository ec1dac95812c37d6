//! What readers expect: elements that a typical message has, and codes that exist.

/// Optional elements that a typical message has.
pub(super) fn is_usual(local: &str) -> bool {
    const USUAL: &[&str] = &[
        "patientId",
        "id",
        "type",
        "timePeriod",
        "datePeriod",
        "start",
        "end",
        "documentId",
        "documentTime",
        "documentTitle",
        "sourceSystemHSAId",
        "sourceSystemHSAid",
        "sourceSystem",
        "logicalAddress",
        "categorization",
        "owner",
        "businessObjectInstanceIdentifier",
        "clinicalProcessInterestId",
        "mostRecentContent",
        "creationTime",
        "updateTime",
        "dataController",
        "accountableHealthcareProfessional",
        "authorTime",
        "healthcareProfessionalHSAId",
        "healthcareProfessionalName",
        "healthcareProfessionalRoleCode",
        "healthcareProfessionalOrgUnit",
        "healthcareProfessionalCareUnitHSAId",
        "healthcareProfessionalCareGiverHSAId",
        "orgUnitHSAId",
        "orgUnitName",
        "orgUnitTelecom",
        "orgUnitEmail",
        "legalAuthenticator",
        "signatureTime",
        "legalAuthenticatorHSAId",
        "legalAuthenticatorName",
        "approvedForPatient",
        "careContactId",
        "code",
        "codeSystem",
        "displayName",
        "result",
        "resultCode",
        "logId",
        "diagnosisCode",
        "diagnosisTime",
        "typeOfDiagnosis",
        "chronicDiagnosis",
        "clinicalDocumentNoteCode",
        "clinicalDocumentNoteTitle",
        "clinicalDocumentNoteText",
        "careContactCode",
        "careContactReason",
        "careContactOrgUnit",
        "careContactTimePeriod",
        "careContactStatus",
        "ascertainedDate",
        "verifiedTime",
        "validityTimePeriod",
        "alertInformationComment",
        "comment",
        "typeOfHypersensitivity",
        "root",
        "extension",
        "given",
        "family",
        "name",
        "firstName",
        "lastName",
        "subject_of_care",
        "subjectOfCare",
        "healthcare_facility",
        "healthcare_facility_name",
        "performer",
        "performerName",
        "timeTypeName",
        "timeTypeID",
        "careTypeName",
        "careTypeID",
        "startTimeInclusive",
        "endTimeExclusive",
        "bookingId",
        "purpose",
        "reason",
        "phone",
        "email",
        "address",
        "filter",
        "serviceContractNamespace",
        "logicalAddressRecord",
        "serviceConsumerHsaId",
        "engagement",
        "configuration",
        "version",
        "value",
        "analysisCode",
        "analysisText",
        "orderNote",
        "resultText",
        "meta",
        "certificate",
        "status",
        "infoText",
        "message",
        "low",
        "high",
        "gender",
        "dateOfBirth",
        "typeOfCarePlanEnum",
        "drug",
        "unstructuredDrugInformation",
        "prescriptionNote",
        "startOfTreatment",
        "vaccineName",
        "administrationRecord",
    ];
    USUAL.contains(&local)
}

/// A code system with codes and their display names.
pub(super) struct Codes {
    pub(super) system: &'static str,
    pub(super) codes: &'static [(&'static str, &'static str)],
}

const ICD_10_SE: Codes = Codes {
    system: "1.2.752.116.1.1.1.1.3",
    codes: &[
        ("I10.9", "Essentiell hypertoni"),
        ("J06.9", "Akut övre luftvägsinfektion, ospecificerad"),
        ("E11.9", "Diabetes mellitus typ 2 utan komplikationer"),
        ("M54.5", "Lumbago"),
        ("F32.9", "Depressiv episod, ospecificerad"),
        ("N39.0", "Urinvägsinfektion, utan angiven lokalisation"),
        ("J45.9", "Astma, ospecificerad"),
        ("K21.9", "Gastroesofageal refluxsjukdom utan esofagit"),
    ],
};
const ATC: Codes = Codes {
    system: "1.2.752.129.2.2.3.1.1",
    codes: &[
        ("N02BE01", "Paracetamol"),
        ("C07AB02", "Metoprolol"),
        ("A10BA02", "Metformin"),
        ("J01CE02", "Fenoximetylpenicillin"),
        ("R03AC02", "Salbutamol"),
        ("C10AA05", "Atorvastatin"),
    ],
};
const ACTIVITY: Codes = Codes {
    system: "1.2.752.116.1.3.2.1.4",
    codes: &[("AF021", "EKG"), ("DV063", "Information och rådgivning per telefon"), ("XS012", "Bedömning")],
};
const ROLE: Codes = Codes {
    system: "1.2.752.129.2.2.1.4",
    codes: &[
        ("202010", "Specialistläkare"),
        ("203010", "Läkare legitimerad, annan"),
        ("206010", "Sjuksköterska, allmän"),
        ("208010", "Sjukgymnast"),
    ],
};
const GENDER: Codes = Codes { system: "1.2.752.129.2.2.1.1", codes: &[("1", "Man"), ("2", "Kvinna")] };
const NPU: Codes = Codes {
    system: "1.2.752.108.1",
    codes: &[("NPU02319", "B-Hemoglobin"), ("NPU03230", "P-Kalium"), ("NPU03429", "P-Natrium"), ("NPU19748", "P-CRP")],
};
const SNOMED: Codes = Codes {
    system: "1.2.752.116.2.1.1",
    codes: &[("38341003", "hypertoni"), ("195967001", "astma"), ("73211009", "diabetes mellitus")],
};

/// The codes that an element of that name is usually filled with.
pub(super) fn codes_for(element: &str) -> &'static Codes {
    let name = element.to_lowercase();
    let has = |part: &str| name.contains(part);
    if has("diagnos") || has("disease") {
        &ICD_10_SE
    } else if has("atc") || has("substance") || has("drug") || has("pharmaceutical") {
        &ATC
    } else if has("rolecode") {
        &ROLE
    } else if has("gender") {
        &GENDER
    } else if has("analysis") {
        &NPU
    } else if has("activit") || has("actcode") || has("procedure") {
        &ACTIVITY
    } else {
        &SNOMED
    }
}

/// Invented people.
pub(super) const PEOPLE: &[(&str, &str)] = &[
    ("Alva", "Bergdal"),
    ("Nils", "Åkerström"),
    ("Signe", "Lundmark"),
    ("Elis", "Örnborg"),
    ("Tyra", "Sandell"),
    ("Ivar", "Hedkvist"),
    ("Ebba", "Nordvall"),
    ("Olle", "Fridén"),
    ("Maja", "Kvarnlund"),
    ("Sixten", "Ehnberg"),
    ("Vera", "Tallgren"),
    ("Hugo", "Asplind"),
    ("Selma", "Björnhed"),
    ("Axel", "Rydmark"),
    ("Iris", "Malmfors"),
    ("Gustav", "Ekhammar"),
    ("Livia", "Strandvik"),
    ("Edvin", "Högfors"),
    ("Astrid", "Vikdal"),
    ("Melker", "Granlid"),
];

/// Invented units; none exists.
pub(super) const UNITS: &[&str] = &[
    "Vårdcentralen Björkängen",
    "Vårdcentralen Norrviken",
    "Medicinkliniken, Exempelsjukhuset",
    "Hudmottagningen Tallbacken",
    "Barnmottagningen Solgläntan",
    "Ögonmottagningen Strandhaga",
    "Vårdcentralen Lärkbacken",
    "Ortopedkliniken, Provsjukhuset",
    "Psykiatrimottagningen Ekdungen",
    "Laboratoriet, Exempelsjukhuset",
];

/// Titles of notes.
pub(super) const TITLES: &[&str] = &["Mottagningsbesök", "Epikris", "Telefonkontakt", "Inskrivning", "Daganteckning"];

/// Sentences for free text.
pub(super) const SENTENCES: &[&str] = &[
    "Patienten mår efter omständigheterna väl.",
    "Kontroll om tre månader, tidigare vid behov.",
    "Ingen förändring sedan föregående besök.",
    "Behandlingen fortsätter enligt plan.",
    "Provtagning beställd, svar väntas inom en vecka.",
];
