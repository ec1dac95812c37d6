//! The rows that every store holds: those of `anslut index generate`, and ten more a person in one service domain.

use anslut::index::bulk::generate::{Mix, identity, resident_lines};

/// The service domain that is asked for.
pub const DOMAIN: &str = "riv:bench";
/// How many engagements of it everybody has.
pub const HITS: usize = 10;
const SEED: u64 = 1;
/// Other engagements a person has, on average.
const MEAN: u64 = 14;

/// Who there is.
pub struct People {
    pub ids: Vec<String>,
    pub rows: u64,
    mix: Mix,
}

impl People {
    /// So many.
    pub fn make_up(residents: u64) -> Self {
        let mix = Mix { residents, engagements_per_resident: MEAN, seed: SEED };
        let ids = (0..residents).map(|number| identity(SEED, number)).collect();
        let mut people = Self { ids, rows: 0, mix };
        people.rows = (0..residents).map(|number| people.lines(number).lines().count() as u64).sum();
        people
    }

    /// The rows of one person, as lines of a bulk load.
    pub fn lines(&self, resident: u64) -> String {
        let mut lines = String::new();
        resident_lines(self.mix, resident, &mut lines);
        let template = lines.lines().next().expect("every resident has a row").to_owned();
        let domain = template.split("\"serviceDomain\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let template = template.replace(domain.expect("the generator writes one"), DOMAIN);
        for hit in 0..HITS {
            lines.push_str(&template.replacen("\"NA\"", &format!("\"hit-{hit}\""), 1));
            lines.push('\n');
        }
        lines
    }

    /// Everybody again and again, in no order.
    pub fn in_turn(&self, from: usize) -> impl Iterator<Item = &String> {
        let count = self.ids.len();
        (from..).map(move |step| &self.ids[step.wrapping_mul(2_654_435_761) % count])
    }

    /// The twelve columns of every row, absent ones empty: key in the schema's order, then the three times.
    pub fn each_row(&self, each: &mut dyn FnMut(&[&str; 12])) {
        use anslut::index::bulk::line;
        use anslut::index::engagement::Field;
        use anslut::index::timestamp::LocalTime;
        let now = LocalTime::parse("20261122120000").expect("a time");
        for resident in 0..self.mix.residents {
            for text in self.lines(resident).lines() {
                let row = line::read(text, "ei-hsa-id", now).expect("made up to be good");
                let time = |time: Option<LocalTime>| {
                    time.map_or(String::new(), |time| String::from_utf8_lossy(&time.digits()).into_owned())
                };
                let times = [time(row.most_recent_content), time(Some(row.created)), time(row.updated)];
                let mut columns = [""; 12];
                for field in Field::ALL {
                    columns[field as usize] = row.key.key_text(field);
                }
                times.iter().zip(&mut columns[9..]).for_each(|(time, column)| *column = time);
                each(&columns);
            }
        }
    }
}
