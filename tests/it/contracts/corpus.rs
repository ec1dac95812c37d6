//! Finding and reading the corpus.

use std::fs;
use std::path::PathBuf;

/// The corpus, or `None` after saying that the test is skipped.
pub(crate) fn corpus() -> Option<PathBuf> {
    match std::env::var_os("ANSLUT_CORPUS") {
        Some(folder) => Some(PathBuf::from(folder)),
        None => {
            eprintln!("skipped: ANSLUT_CORPUS names no corpus");
            None
        }
    }
}

/// The rows of a table with a heading, by column name.
pub(crate) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(name: &str) -> Option<Self> {
        let text = fs::read_to_string(corpus()?.join(name)).expect("the corpus has the table");
        let mut lines = text.lines();
        let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let columns = split(lines.next().expect("a table has a heading"));
        Some(Self { columns, rows: lines.map(split).collect() })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

pub(crate) struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

impl Row<'_> {
    pub(crate) fn get(&self, column: &str) -> &str {
        let at = self.table.columns.iter().position(|name| name == column).expect("the table has the column");
        self.cells.get(at).map_or("", String::as_str)
    }
}
