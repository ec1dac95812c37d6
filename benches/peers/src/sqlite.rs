//! SQLite: one table, an index on person, domain and categorization; by itself, and behind the index's HTTP server.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use anslut::index::engagement::Field;
use anslut::index::request::{self, Call};
use anslut::soap::responder::{Answer, Responder};
use bytes::Bytes;
use http::Request;
use rusqlite::{Connection as Lite, OpenFlags, params};

use crate::rows::{DOMAIN, People};
use crate::xml;

const FIND: &str = "select * from engagement where person = ?1 and domain = ?2";

/// Where the rows are.
#[derive(Clone)]
pub struct Store {
    path: PathBuf,
    pub bytes: u64,
}

pub struct Looking(Lite);

impl Store {
    pub fn fill(path: &Path, people: &People) -> Self {
        let mut lite = Lite::open(path).expect("a database");
        lite.execute_batch(
            "pragma journal_mode = wal; pragma synchronous = off;
             create table engagement (person text, domain text, categorization text, address text, instance text,
             process text, system text, controller text, owner text, content text, created text, updated text);",
        )
        .expect("a table");
        let all = lite.transaction().expect("a transaction");
        {
            let mut insert =
                all.prepare("insert into engagement values (?,?,?,?,?,?,?,?,?,?,?,?)").expect("a statement");
            people.each_row(&mut |columns| {
                let null = |text: &&str| (!text.is_empty()).then(|| (*text).to_owned());
                insert.execute(rusqlite::params_from_iter(columns.iter().map(null))).expect("a row");
            });
        }
        all.commit().expect("rows");
        lite.execute_batch(
            "create index person on engagement (person, domain, categorization); analyze; pragma wal_checkpoint(truncate);",
        )
        .expect("an index");
        let bytes = std::fs::metadata(path).expect("a file").len();
        Self { path: path.to_owned(), bytes }
    }

    pub fn connect(&self) -> Looking {
        let lite = Lite::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let lite = lite.expect("a database");
        // All of it in memory, without copies.
        lite.execute_batch("pragma mmap_size = 8000000000; pragma cache_size = -1000000;").expect("settings");
        Looking(lite)
    }
}

impl Looking {
    /// Reads every column of every hit.
    pub fn look(&mut self, id: &str) -> usize {
        let mut bytes = 0;
        let hits = self.each(id, DOMAIN, &mut |_, text| bytes += text.len());
        std::hint::black_box(bytes);
        hits
    }

    fn each(&mut self, id: &str, domain: &str, each: &mut dyn FnMut(usize, &str)) -> usize {
        let mut statement = self.0.prepare_cached(FIND).expect("a statement");
        let mut rows = statement.query(params![id, domain]).expect("rows");
        let mut hits = 0;
        while let Some(row) = rows.next().expect("a row") {
            hits += 1;
            for column in 0..12 {
                let value = row.get_ref(column).expect("a column");
                each(column, value.as_str_or_null().expect("text").unwrap_or_default());
            }
        }
        hits
    }
}

/// FindContent from SQLite.
pub struct FindInSqlite(pub Store);

thread_local! {
    static OPEN: RefCell<Option<Looking>> = const { RefCell::new(None) };
}

impl Responder for FindInSqlite {
    fn answer(&self, request: Request<Bytes>) -> Answer<'_> {
        Box::pin(async move {
            let body = request.into_body();
            let Call::FindContent(query) = request::read(&body).expect("a call").call else { panic!("a query") };
            let mut out = xml::begin();
            let text = |field| query.field(field).expect("it is there");
            let mut row: [String; 12] = Default::default();
            OPEN.with_borrow_mut(|open| {
                let looking = open.get_or_insert_with(|| self.0.connect());
                let (id, domain) = (text(Field::RegisteredResidentIdentification), text(Field::ServiceDomain));
                looking.each(id, domain, &mut |column, text| {
                    row[column].clear();
                    row[column].push_str(text);
                    if column == 11 {
                        xml::engagement(&row, &mut out);
                    }
                });
            });
            Ok(xml::answer(out))
        })
    }
}
