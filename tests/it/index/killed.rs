//! A process that writes is killed at moments it does not choose; what it had acknowledged is there.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anslut::config::index::IndexSettings;
use anslut::domain::clock::Clock;
use anslut::index::listen::UpdateListener;
use anslut::index::open::Index;
use anslut::soap::responder::Responder;

use super::engagement::e;
use super::world::{OWN, envelope, request};

const DIRECTORY: &str = "ANSLUT_TEST_KILLED_DIRECTORY";
const ROUND: &str = "ANSLUT_TEST_KILLED_ROUND";
const CALLERS: usize = 8;
const ROWS: usize = 3;

fn settings() -> IndexSettings {
    let mut settings = IndexSettings::default();
    // Snapshots often enough that some kill hits one.
    settings.limits.snapshot_journal_bytes = 20_000;
    settings
}

/// The resident of a message.
fn resident(round: usize, message: usize) -> String {
    format!("2001{:02}01T{message:03}", round + 1)
}

fn rows_of(index: &Index, round: usize, message: usize) -> usize {
    let mut rows = 0;
    index.memory().visit(&resident(round, message), &mut |_| rows += 1);
    rows
}

/// Not a test of its own: the process that is killed. Without its directory it has nothing to do.
#[test]
#[expect(clippy::disallowed_methods, reason = "one process tells the other where to write")]
fn writer() {
    let Ok(directory) = std::env::var(DIRECTORY) else { return };
    let round: usize = std::env::var(ROUND).unwrap().parse().unwrap();
    let index = Arc::new(Index::open(Path::new(&directory), settings(), Clock::System).unwrap());
    let listener = Arc::new(UpdateListener::new(index, None));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let callers = (0..CALLERS).map(|caller| {
        let listener = Arc::clone(&listener);
        runtime.spawn(async move {
            for message in (caller..1_000).step_by(CALLERS) {
                // Every fourth is a single row, which waits in the collect window when the end comes.
                let rows = if message % 4 == 0 { 1 } else { ROWS };
                let row = |row: usize| {
                    e(&row.to_string()).with("registeredResidentIdentification", &resident(round, message)).xml(true)
                };
                let payload: String = (0..rows).map(row).collect();
                let answer = listener.answer(request("Update", &envelope("Update", Some(OWN), &payload))).await;
                assert_eq!(answer.unwrap().status(), 200);
                writeln!(std::io::stdout(), "acknowledged {message}").unwrap();
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    runtime.block_on(async {
        for caller in callers {
            caller.await.unwrap();
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<BTreeSet<usize>> = Vec::new();
    for (round, kill_after) in [1, 40, 150, 333].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "index::killed::writer", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, folder.path())
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BTreeSet::new();
        let mut killed = false;
        // After the kill, what stands in the pipe was acknowledged before it.
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            let Some((_, message)) = line.rsplit_once("acknowledged ") else { continue };
            told.insert(message.parse().unwrap());
            if told.len() >= kill_after && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "round {round} ended by itself after {}", told.len());
        acknowledged.push(told);
        let index = Index::open(folder.path(), settings(), Clock::System).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(index.settle()).unwrap();
        for (round, told) in acknowledged.iter().enumerate() {
            for message in 0..1_000 {
                let whole = if message % 4 == 0 { 1 } else { ROWS };
                let rows = rows_of(&index, round, message);
                let expected = rows == whole || (rows == 0 && !told.contains(&message));
                assert!(expected, "round {round}, message {message} has {rows} rows of {whole}");
            }
        }
        assert_eq!(index.status().unready(), None);
    }
}
