//! People who are made up from a seed (`producers.md` §6.1): each gets some stories of `stories.toml`, told by systems that
//! are theirs. What comes out is record files as people write them, the same bytes for the same seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::Deserialize;

use super::load::RecordHolder;
use crate::config::environment::EnvironmentFile;
use crate::producers::behaviour::delay::Numbers;
use crate::producers::identity::identity_of;

/// `generate = { patients = 20, seed = 7 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generate {
    /// How many people.
    pub patients: u32,
    /// What decides everything about them.
    pub seed: u64,
}

/// Most people that are made up.
pub const PATIENTS_MAX: u32 = 10_000;
/// Most systems that know one person.
const SYSTEMS_MAX: u64 = 4;
/// Most stories of one person.
const STORIES_MAX: u64 = 4;
/// Nothing is written behind this day.
const LAST_DAY: Date = date(2026, 6, 30);
const FIRST_NAMES: [&str; 12] =
    ["Alba", "Birk", "Cilla", "Dag", "Elof", "Freja", "Gun", "Hedda", "Ivar", "Juni", "Knut", "Lova"];
const LAST_NAMES: [&str; 8] =
    ["Testberg", "Provlund", "Exempelsson", "Demoström", "Låtsman", "Attrappsson", "Mallqvist", "Skissgren"];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    #[expect(dead_code, reason = "for those who read the file")]
    name: String,
    ages: [i16; 2],
    #[serde(default)]
    woman: bool,
    entries: Vec<String>,
}

/// The stories that are compiled in.
fn stories() -> &'static [Story] {
    #[derive(Deserialize)]
    struct File {
        story: Vec<Story>,
    }
    static STORIES: LazyLock<Vec<Story>> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("stories.toml")).expect("stories.toml is part of the program");
        file.story
    });
    &STORIES
}

/// The record files of everybody who is made up. Systems that ask for the same people share them; `known` is what the
/// environment's own files say already.
pub fn files(systems: &BTreeMap<String, RecordHolder>, known: &[EnvironmentFile]) -> Vec<EnvironmentFile> {
    let mut groups: BTreeMap<Generate, BTreeSet<&str>> = BTreeMap::new();
    for (name, holder) in systems {
        if let Some(generate) = holder.settings.generate {
            groups.entry(generate).or_default().insert(holder.hsa_id.as_deref().unwrap_or(name));
        }
    }
    let mut files = Vec::new();
    for (generate, hsa_ids) in groups {
        let hsa_ids: Vec<&str> = hsa_ids.into_iter().collect();
        let file = |name: String, text: String| EnvironmentFile {
            path: PathBuf::from(format!("generated/{}/{name}.toml", generate.seed)),
            contents: text.into_bytes(),
        };
        let is_known = |hsa_id: &str| {
            let line = format!("hsa_id = \"{hsa_id}\"");
            known.iter().any(|file| memchr::memmem::find(&file.contents, line.as_bytes()).is_some())
        };
        files.push(file("organisation".to_owned(), organisation(&hsa_ids, &is_known)));
        for n in 0..generate.patients {
            files.push(file(format!("person-{n:05}"), person(generate, n, &hsa_ids)));
        }
    }
    files
}

/// A unit, a giver and two of the staff for each system.
fn organisation(systems: &[&str], is_known: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::new();
    for (n, system) in systems.iter().enumerate() {
        // Three givers at most: the fourth system is the first giver's.
        let giver = format!("{}-G", systems[n % 3]);
        if n < 3 {
            put(&mut text, format_args!("[[giver]]\nhsa_id = \"{giver}\"\nname = \"Vårdgivare {}\"\n", n + 1));
        }
        put(
            &mut text,
            format_args!(
                "[[unit]]\nhsa_id = \"{system}-U\"\nname = \"Mottagning {0}\"\ngiver = \"{giver}\"\n\
             [[staff]]\nhsa_id = \"{system}-P1\"\nname = \"Läkare {0}\"\nunit = \"{system}-U\"\n\
             [[staff]]\nhsa_id = \"{system}-P2\"\nname = \"Sjuksköterska {0}\"\nunit = \"{system}-U\"\n",
                n + 1
            ),
        );
        if !is_known(system) {
            put(
                &mut text,
                format_args!("[[system]]\nhsa_id = \"{system}\"\nname = \"System {}\"\ngiver = \"{giver}\"\n", n + 1),
            );
        }
    }
    text
}

/// Writing to a string cannot fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

fn person(generate: Generate, n: u32, systems: &[&str]) -> String {
    let mut numbers = Numbers::of("generate", generate.seed.wrapping_mul(1_000_003).wrapping_add(u64::from(n)));
    let mut below = |count: u64| numbers.draw() % count.max(1);
    let is_woman = below(2) == 0;
    let born = date(1930, 1, 1).saturating_add((below(90 * 365) as i64).days());
    let id = identity_of(born, below(1_000), is_woman, false);
    let name = format!(
        "{} {}",
        FIRST_NAMES[below(FIRST_NAMES.len() as u64) as usize],
        LAST_NAMES[below(LAST_NAMES.len() as u64) as usize]
    );
    let gender = if is_woman { "kvinna" } else { "man" };
    let mut text = format!("[patient]\nid = \"{id}\"\nname = \"{name}\"\ngender = \"{gender}\"\nbirth = {born}\n\n");
    let first_system = below(systems.len() as u64);
    let own_systems = 1 + below(SYSTEMS_MAX.min(systems.len() as u64));
    let fits = |story: &&Story| {
        let first = age(born, LAST_DAY) - 4;
        (story.ages[0]..=story.ages[1]).contains(&first.max(2)) && (is_woman || !story.woman)
    };
    let fitting: Vec<&Story> = stories().iter().filter(fits).collect();
    let mut told = BTreeSet::new();
    for turn in 0..1 + below(STORIES_MAX) {
        let Some(place) = (!fitting.is_empty()).then(|| below(fitting.len() as u64) as usize) else { break };
        if !told.insert(place) {
            continue;
        }
        let system = systems[((first_system + turn % own_systems) % systems.len() as u64) as usize];
        // All of a story lies before the last day: none is longer than a year.
        let begins = LAST_DAY.saturating_sub((400 + below(900) as i64).days());
        let telling = Telling { id: format!("GEN-{n}-{turn}"), system, begins };
        for (place, entry) in fitting[place].entries.iter().enumerate() {
            telling.entry(place, entry, &mut below, &mut text);
        }
    }
    text
}

fn age(born: Date, on: Date) -> i16 {
    on.year() - born.year()
}

/// A story as one system tells it.
struct Telling<'t> {
    id: String,
    system: &'t str,
    begins: Date,
}

impl Telling<'_> {
    fn entry(&self, place: usize, entry: &str, below: &mut dyn FnMut(u64) -> u64, text: &mut String) {
        let mut parts = entry.split('|');
        let (day, kind) = parts.next().and_then(|head| head.split_once(' ')).unwrap_or(("0", "note"));
        let days: i64 = day.parse().unwrap_or(0);
        let said: Vec<String> = parts.map(|part| drawn(part, below)).collect();
        let part = |n: usize| said.get(n).map_or("", String::as_str);
        let on = self.begins.saturating_add(days.days());
        let (Self { id, system, .. }, n) = (self, place);
        let at = |hour: i8, minute: i8| on.at(hour, minute, 0, 0).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let contact = format!("{id}-K{days}");
        let common = |title: &str| {
            format!(
                "[[entry]]\nid = \"{id}-{n}\"\nkind = \"{kind}\"\nsystem = \"{system}\"\nunit = \"{system}-U\"\n\
                 author = \"{system}-P1\"\nauthored = {}\nsigned = {}\ntitle = \"{title}\"\n",
                at(10, 30),
                at(11, 0)
            )
        };
        let own = match kind {
            "contact" => {
                put(
                    text,
                    format_args!(
                        "[[contact]]\nid = \"{contact}\"\nsystem = \"{system}\"\nunit = \"{system}-U\"\n\
                     author = \"{system}-P1\"\nauthored = {}\nsigned = {}\nreason = \"{}\"\nstart = {}\nend = {}\n\
                     code = {{ code = \"1\", system = \"contact\", text = \"Besök\" }}\n\
                     status = {{ code = \"3\", system = \"contact-status\", text = \"Avslutad\" }}\n\n",
                        at(10, 15),
                        at(11, 0),
                        part(0),
                        at(10, 0),
                        at(10, 30)
                    ),
                );
                return;
            }
            "note" => format!("{}type = \"dag\"\ntext = \"{}\"\n", common("Daganteckning"), part(0)),
            "diagnosis" => format!(
                "{}type = \"Huvuddiagnos\"\ntime = {}\ncode = {{ code = \"{}\", system = \"icd10\", text = \"{}\" }}\n",
                common("Diagnos"),
                at(10, 20),
                part(0),
                part(1)
            ),
            "lab" => format!(
                "{}result = \"DEF\"\nregistered = {}\ndiscipline = \"Klinisk kemi\"\norder = \"{id}-{n}-R\"\n\
                 analyses = [{{ id = \"{id}-{n}-A\", time = {}, end = {}, code = {{ code = \"{}\", system = \"npu\", text = \"{}\" }}, \
                 value = \"{}\", unit = \"{}\", observed = {}, pathological = false, interval = \"{}\" }}]\n",
                common("Laboratoriesvar"),
                at(10, 25),
                at(8, 0),
                at(8, 0),
                part(0),
                part(1),
                part(2),
                part(3),
                at(9, 30),
                part(4)
            ),
            "imaging" => format!(
                "{}result = \"DEF\"\nresult_time = {}\nreport = \"{}\"\nrecordings = [{{ id = \"{id}-{n}-B\", \
                 activity = {{ code = \"84000\", system = \"imaging\", text = \"{}\" }}, start = {}, status = \"Avklarad\", modality = \"DX\" }}]\n\
                 referral = {{ id = \"{id}-{n}-R\", reason = \"{}\", author = \"{system}-P1\", time = {} }}\n",
                common("Bilddiagnostiskt svar"),
                at(10, 30),
                part(0),
                part(1),
                at(9, 0),
                part(1),
                at(8, 30)
            ),
            "ecg" => format!(
                "{}result = \"DEF\"\nresult_time = {}\nreport = \"{}\"\nrecordings = [{{ id = \"{id}-{n}-E\", \
                 activity = {{ code = \"AF021\", system = \"kva\", text = \"EKG\" }}, start = {}, heart_rate = {{ value = {}, unit = \"/min\" }} }}]\n\
                 referral = {{ id = \"{id}-{n}-R\", reason = \"EKG\", author = \"{system}-P1\", time = {} }}\n",
                common("EKG"),
                at(10, 30),
                part(0),
                at(9, 0),
                part(1),
                at(8, 30)
            ),
            "referral" => format!(
                "{}type = \"SS\"\ntext = \"{}\"\nacts = [{{ id = \"{id}-{n}-A\", text = \"{}\", time = {} }}]\n\
                 referral = {{ id = \"{id}-{n}-R\", reason = \"{}\", author = \"{system}-P1\", time = {} }}\n",
                common("Konsultationssvar"),
                part(0),
                part(1),
                at(9, 0),
                part(1),
                at(8, 30)
            ),
            "medication" => {
                let end = part(3).parse::<i64>().ok().map(|days| {
                    let on = on.saturating_add(days.days()).at(8, 0, 0, 0);
                    format!("end = {}\n", on.strftime("%Y-%m-%dT%H:%M:%S"))
                });
                let status = if end.is_some() { "Inactive" } else { "Active" };
                format!(
                    "{}type = \"I\"\nstatus = \"{status}\"\nstart = {}\n{}\
                     substance = {{ code = \"{}\", system = \"atc\", text = \"{}\" }}\ndosage = \"{}\"\n",
                    common("Läkemedelsordination"),
                    at(10, 30),
                    end.unwrap_or_default(),
                    part(0),
                    part(1),
                    part(2)
                )
            }
            "vaccination" => format!(
                "{}date = {on}\nvaccine = {{ code = \"{}\", system = \"npl\", text = \"{}\" }}\n\
                 diseases = [{{ code = {{ code = \"{}\", system = \"icd10\", text = \"{}\" }} }}]\nperformer = \"{system}-P2\"\n",
                common("Vaccination"),
                part(0),
                part(1),
                part(2),
                part(3)
            ),
            "alert" => alert(&common("Uppmärksamhetsinformation"), &at(10, 30), &said),
            "function" => {
                let own = match part(0) {
                    "pad-pad" => format!("padl = [{{ type = \"Förflyttning\", assessment = \"{}\" }}]\n", part(1)),
                    _ => format!("disability = {{ assessment = \"{}\" }}\n", part(1)),
                };
                format!("{}category = \"{}\"\n{own}", common("Funktionsbedömning"), part(0))
            }
            "plan" => format!("{}type = \"{}\"\ncontent = \"{}\"\n", common("Vårdplan"), part(0), part(1)),
            _ => format!(
                "{}registration = {{ last_period = {}, expected = {}, length = {{ value = {}, unit = \"cm\" }}, \
                 weight = {{ value = {}, unit = \"kg\" }}, standard_care = true }}\n",
                common("Inskrivning"),
                on.saturating_sub(60.days()),
                on.saturating_add(220.days()),
                part(0),
                part(1)
            ),
        };
        put(text, format_args!("{own}"));
        // The contact of the day, where there is one, is what the entry came of.
        if text.contains(&format!("id = \"{contact}\"")) {
            put(text, format_args!("contact = \"{contact}\"\n"));
        }
        text.push('\n');
    }
}

fn alert(common: &str, from: &str, said: &[String]) -> String {
    let part = |n: usize| said.get(n).map_or("", String::as_str);
    let (code, words, own) = match part(0) {
        "hypersensitivity" => (
            "1",
            "Överkänslighet",
            format!(
                "hypersensitivity = {{ type = {{ code = \"1\", system = \"hypersensitivity\", text = \"Läkemedelsöverkänslighet\" }}, \
                 substance = {{ code = \"{}\", system = \"atc\", text = \"{}\" }} }}",
                part(2),
                part(1)
            ),
        ),
        "treatment" => ("3", "Behandling", format!("treatment = {{ description = \"{}\" }}", part(1))),
        _ => (
            "6",
            "Ostrukturerad uppmärksamhetsinformation",
            format!("unstructured = {{ heading = \"{}\", content = \"{}\" }}", part(1), part(2)),
        ),
    };
    format!("{common}type = {{ code = \"{code}\", system = \"alert\", text = \"{words}\" }}\nstart = {from}\n{own}\n")
}

/// A part with its number drawn: `48~62`, or `19~32/10` for one with a decimal.
fn drawn(part: &str, below: &mut dyn FnMut(u64) -> u64) -> String {
    let (range, tenths) = part.strip_suffix("/10").map_or((part, false), |range| (range, true));
    let bounds =
        range.split_once('~').and_then(|(low, high)| Some((low.parse::<u64>().ok()?, high.parse::<u64>().ok()?)));
    match bounds {
        Some((low, high)) if low <= high => {
            let number = low + below(high - low + 1);
            if tenths { format!("{},{}", number / 10, number % 10) } else { number.to_string() }
        }
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::identity_number::{Hide, masked};
    use crate::producers::records::RecordSettings;
    use crate::producers::records::book::Book;

    fn made(seed: u64) -> Vec<EnvironmentFile> {
        let generate = Some(Generate { patients: 200, seed });
        let holder = |hsa_id: &str| RecordHolder {
            hsa_id: Some(hsa_id.to_owned()),
            settings: RecordSettings { generate, ..RecordSettings::default() },
            file: PathBuf::new(),
        };
        let systems = ["A", "B", "C", "D", "E"].map(|name| (name.to_owned(), holder(&format!("SE2321000016-X{name}"))));
        files(&BTreeMap::from(systems), &[])
    }

    #[test]
    fn the_same_seed_is_the_same_bytes_and_another_is_not() {
        let bytes = |seed| made(seed).into_iter().map(|file| file.contents).collect::<Vec<_>>();
        assert!(bytes(7) == bytes(7) && bytes(7) != bytes(8));
    }

    #[test]
    fn everybody_is_of_the_test_series_and_every_story_is_told() {
        let files = made(3);
        let (book, problems) = Book::read(&files);
        assert_eq!(problems, []);
        let mut kinds = BTreeSet::new();
        let mut most = 0;
        for (id, patient) in book.patients() {
            assert_eq!(masked(id, Hide::OutsideTestSeries), id);
            let systems: BTreeSet<_> = patient.entries.iter().map(|entry| entry.system.as_str()).collect();
            assert!(systems.len() <= 4, "{systems:?}");
            most = most.max(systems.len());
            kinds.extend(patient.entries.iter().map(|entry| entry.kind));
        }
        assert!(most >= 3, "somebody is known by several systems");
        assert_eq!(kinds.len(), 13, "{kinds:?}");
        assert_eq!(stories().len(), 20);
    }
}
