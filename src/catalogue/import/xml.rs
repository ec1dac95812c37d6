//! The local TAK copy (`vp.md` §4.1): root `persistentCache`, taken in verbatim as a cache would.
//!
//! Elements are recognised by their local names. What is wrong with a row is said, but the row stays: the call that meets
//! it gets the VP code it would get from the real platform.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Import, Source};
use crate::catalogue::entry::{Filter, Permission, Route, Text};
use crate::catalogue::period::Validity;
use crate::config::environment::EnvironmentFile;
use crate::domain::problem::Problem;
use crate::soap::xml::error::XmlError;
use crate::soap::xml::reader::{Name, Reader, Token};

const ROOT: &str = "persistentCache";

/// Adds a file's rows to the import.
pub(in crate::catalogue) fn read(file: &EnvironmentFile, import: &mut Import) {
    read_below(file, ROOT, false, import);
}

/// Adds the rows of another catalogue's answer: a SOAP envelope with the response in it.
pub(super) fn read_answer(file: &EnvironmentFile, response: &str, import: &mut Import) {
    read_below(file, response, true, import);
}

fn read_below(file: &EnvironmentFile, root: &str, in_envelope: bool, import: &mut Import) {
    let Some(source) = Source::open(file, import) else { return };
    let reader = Reader::new(source.text.as_bytes());
    let mut rows = Rows { reader, source: &source, import, root, in_envelope };
    if let Err(error) = rows.read() {
        let complaint = format!("not well-formed XML at column {}: {}", error.column, error.message);
        import.fail(Problem::error(&file.path, error.row, complaint));
    }
}

struct Rows<'f, 'i> {
    reader: Reader<'f>,
    source: &'f Source<'f>,
    import: &'i mut Import,
    /// The element the records stand in.
    root: &'i str,
    /// Whether that element stands in the body of an envelope.
    in_envelope: bool,
}

/// The fields of one record, as written.
#[derive(Default)]
struct Record {
    start: usize,
    id: Option<Text>,
    receiver: Option<Text>,
    sender: Option<Text>,
    profile: Option<Text>,
    contract: Option<Text>,
    from: Option<Text>,
    to: Option<Text>,
    url: Option<Text>,
    filters: Vec<Filter>,
}

impl<'f> Rows<'f, '_> {
    fn read(&mut self) -> Result<(), XmlError> {
        let mut seen_root = false;
        while let Some(token) = self.reader.next()? {
            let Token::Start(name) = token else { continue };
            match name.local() {
                b"Envelope" | b"Header" | b"Body" if self.in_envelope && !seen_root => {}
                root if !seen_root => {
                    seen_root = true;
                    if root != self.root.as_bytes() {
                        let found = String::from_utf8_lossy(root).into_owned();
                        let complaint = format!("the root element is {found:?}, expected {:?}", self.root);
                        self.import.fail(self.source.error(self.reader.token_start(), complaint));
                        return Ok(());
                    }
                }
                b"virtualiseringsInfo" => self.route()?,
                b"anropsBehorighetsInfo" => self.permission()?,
                _ => {
                    let found = String::from_utf8_lossy(name.qualified()).into_owned();
                    let complaint =
                        format!("{found:?} is passed over, expected virtualiseringsInfo or anropsBehorighetsInfo");
                    self.import.problems.push(self.source.warning(self.reader.token_start(), complaint));
                    self.text()?;
                }
            }
        }
        self.reader.check_characters()
    }

    fn route(&mut self) -> Result<(), XmlError> {
        let record = self.record()?;
        self.complain(
            &record,
            &[
                ("receiverId", record.receiver.is_none()),
                ("rivProfil", record.profile.is_none()),
                ("tjansteKontrakt", record.contract.is_none()),
                ("adress", record.url.is_none()),
            ],
        );
        let route = Route {
            id: record.id.unwrap_or_default(),
            contract: record.contract.unwrap_or_default(),
            address: record.receiver.unwrap_or_default(),
            profile: record.profile.unwrap_or_default(),
            url: record.url.unwrap_or_default(),
            validity: Validity::between_moments(record.from, record.to),
            origin: self.source.origin(record.start),
        };
        self.import.builder.add_route(route, None);
        Ok(())
    }

    fn permission(&mut self) -> Result<(), XmlError> {
        let record = self.record()?;
        self.complain(
            &record,
            &[
                ("receiverId", record.receiver.is_none()),
                ("senderId", record.sender.is_none()),
                ("tjansteKontrakt", record.contract.is_none()),
            ],
        );
        let permission = Permission {
            id: record.id.unwrap_or_default(),
            consumer: record.sender.unwrap_or_default(),
            contract: record.contract.unwrap_or_default(),
            address: record.receiver.unwrap_or_default(),
            validity: Validity::between_moments(record.from, record.to),
            filters: record.filters.into(),
            origin: self.source.origin(record.start),
        };
        self.import.builder.add_permission(permission, None);
        Ok(())
    }

    /// The children of the record whose start tag was read.
    fn record(&mut self) -> Result<Record, XmlError> {
        let mut record = Record { start: self.reader.token_start(), ..Record::default() };
        while let Some(name) = self.child()? {
            match name.local() {
                b"virtualiseringsInfoId" | b"anropsBehorighetsInfoId" => record.id = Some(self.plain()?),
                b"receiverId" => record.receiver = Some(self.plain()?),
                b"senderId" => record.sender = Some(self.plain()?),
                b"adress" => record.url = Some(self.plain()?),
                b"rivProfil" => record.profile = Some(self.collapsed()?),
                b"tjansteKontrakt" => record.contract = Some(self.collapsed()?),
                b"fromTidpunkt" => record.from = Some(self.plain()?),
                b"tomTidpunkt" => record.to = Some(self.plain()?),
                b"filterInfo" => {
                    let filter = self.filter()?;
                    record.filters.push(filter);
                }
                _ => {
                    self.text()?;
                }
            }
        }
        Ok(record)
    }

    fn filter(&mut self) -> Result<Filter, XmlError> {
        let mut filter = Filter::default();
        while let Some(name) = self.child()? {
            match name.local() {
                b"serviceDomain" => filter.service_domain = self.text()?.trim().to_owned(),
                b"categorization" => filter.categorizations.push(self.text()?.into_owned()),
                _ => {
                    self.text()?;
                }
            }
        }
        Ok(filter)
    }

    /// The next child of the element that is open; `None` at its end. Every child is read up to its own end in between.
    fn child(&mut self) -> Result<Option<Name<'f>>, XmlError> {
        while let Some(token) = self.reader.next()? {
            match token {
                Token::Start(name) => return Ok(Some(name)),
                Token::End(_) => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    fn plain(&mut self) -> Result<Text, XmlError> {
        let text = self.text()?;
        Ok(self.import.texts.share(&text))
    }

    /// White space as in a token type: none around, one blank within (`vp.md` §4.1).
    fn collapsed(&mut self) -> Result<Text, XmlError> {
        let text = self.text()?;
        let words: Vec<_> = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
        Ok(self.import.texts.share(&words.join(" ")))
    }

    /// All text below the element whose start tag was read; reads up to its end tag.
    fn text(&mut self) -> Result<Cow<'f, str>, XmlError> {
        let mut text = Cow::Borrowed("");
        let mut open = 1usize;
        while open > 0 {
            let Some(token) = self.reader.next()? else { break };
            let piece = match token {
                Token::Start(_) => {
                    open += 1;
                    continue;
                }
                Token::End(_) => {
                    open -= 1;
                    continue;
                }
                Token::Text(raw) => self.reader.text_of(raw)?,
                Token::Cdata(raw) => String::from_utf8_lossy(raw),
                _ => continue,
            };
            match text.is_empty() {
                true => text = piece,
                false => text.to_mut().push_str(&piece),
            }
        }
        Ok(text)
    }

    fn complain(&mut self, record: &Record, missing: &[(&str, bool)]) {
        for (name, _) in missing.iter().filter(|(_, is_missing)| *is_missing) {
            let complaint = format!("{name} is missing, and taken as empty");
            self.import.problems.push(self.source.warning(record.start, complaint));
        }
        for (name, text) in [("fromTidpunkt", &record.from), ("tomTidpunkt", &record.to)] {
            match text {
                None => {
                    let complaint = format!("{name} is missing, and taken as open");
                    self.import.problems.push(self.source.warning(record.start, complaint));
                }
                Some(text) => {
                    let alone = Validity::between_moments(Some(Arc::clone(text)), None);
                    if alone.period.is_empty() {
                        let complaint =
                            format!("{name} {text:?} is not an xs:dateTime such as 2026-01-01T00:00:00: never valid");
                        self.import.problems.push(self.source.warning(record.start, complaint));
                    }
                }
            }
        }
    }
}
