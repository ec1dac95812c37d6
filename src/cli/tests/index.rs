//! `anslut index`, from a file into a data directory and out again.

use std::fs;

use super::anslut;
use crate::cli::failure::Exit;

#[test]
fn a_made_up_index_goes_in_and_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (file, dumped, data) = (path("a.ndjson.zst"), path("b.ndjson"), path("data"));
    let generated = anslut(
        &["index", "generate", "--residents", "50", "--engagements-per-resident", "10", "--seed", "3", "--out", &file],
        &[],
    );
    assert_eq!(generated.exit, Exit::Done, "{}", generated.err);
    let lines: u64 = generated.out.split(' ').nth(1).unwrap().parse().unwrap();
    let loaded = anslut(&["index", "load", &file, "--data", &data], &[]);
    assert_eq!(loaded.exit, Exit::Done, "{}", loaded.err);
    assert!(loaded.out.contains(&format!("a.ndjson.zst: {lines} lines loaded, ")), "{}", loaded.out);
    let stat = anslut(&["--json", "index", "stat"], &[("ANSLUT_DATA", &data)]);
    assert!(stat.out.contains(&format!("\"engagements\": {lines}")), "{}{}", stat.out, stat.err);
    let written = anslut(&["index", "dump", "--out", &dumped, "--data", &data], &[]);
    assert_eq!(written.exit, Exit::Done, "{}", written.err);
    let dumped = fs::read_to_string(dumped).unwrap();
    assert_eq!(dumped.lines().count() as u64, lines);
    let resident = dumped.split('"').nth(3).unwrap();
    let found = anslut(&["index", "find", resident, "--data", &data], &[]);
    assert_eq!(found.out.lines().count(), dumped.matches(resident).count());
}

#[test]
fn a_bad_line_ends_the_load_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.ndjson");
    fs::write(&file, "{\"owner\":\"o\"}\n").unwrap();
    let (file, data) = (file.display().to_string(), folder.path().join("data").display().to_string());
    let ran = anslut(&["index", "load", &file, "--data", &data], &[]);
    assert_eq!(ran.exit, Exit::Failed);
    assert!(
        ran.err.contains("bad.ndjson:1") && ran.err.contains("registeredResidentIdentification is missing"),
        "{}",
        ran.err
    );
    let skipped = anslut(&["index", "load", &file, "--data", &data, "--skip-bad-lines"], &[]);
    assert_eq!(skipped.exit, Exit::Done);
    assert!(skipped.out.contains("1 lines loaded, 1 of them passed over"), "{}", skipped.out);
    let none = anslut(&["index", "generate", "--residents", "0", "--engagements-per-resident", "1", "--out", "x"], &[]);
    assert_eq!(none.exit, Exit::Usage);
}
