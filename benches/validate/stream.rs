//! Our side of `benches/validate/run.sh`: makes a large message of a shipped contract, and judges it as it is read.
//!
//! `make FOLDER MIB` writes `large.xml` of so many mebibytes, `one.xml` with one record, and `answer.xml`, a whole answer
//! of about 2.4 KB; `large FILE`, `small FILE` and `compile FOLDER` print what they measured, as `name value` lines.

#![allow(clippy::print_stdout, reason = "what was measured is what this program is for")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::builtin;
use anslut::contracts::contract::{Contract, Direction};
use anslut::contracts::import::Importer;
use anslut::contracts::registry::Registry;
use anslut::contracts::sample::{Envelope, Variant, Wanted, sample};
use anslut::contracts::validate::{Options, Target, Validation, validate};
use anslut::domain::clock::Clock;

const CONTRACT: &str = "GetDiagnosis:2";
const RECORD: &str = "n1:diagnosis";
/// What is read at a time; memory beyond it is the validator's.
const READ_BYTES: usize = 64 << 10;
/// Judgements of the small message, in all, and of one measurement.
const SMALL_RUNS: usize = 20_000;
const SMALL_RUNS_EACH: usize = 1_000;

fn registry() -> Arc<Registry> {
    let (contracts, _) = builtin::contracts(&mut Importer::default());
    Arc::new(Registry::new(contracts, &HashMap::new(), &ImportLimits::default()).0)
}

fn contract() -> Arc<Contract> {
    registry().select(CONTRACT, None).expect("the contract ships")
}

fn answer(contract: &Arc<Contract>, seed: u64, envelope: Envelope) -> String {
    let wanted =
        Wanted { direction: Direction::Response, variant: Variant::Typical, seed, envelope, ..Wanted::default() };
    sample(contract, &wanted).expect("the contract has samples").remove(0)
}

/// What stands before the records, the records, and what stands behind them.
fn parts(message: &str) -> (&str, &str, &str) {
    let (open, close) = (format!("<{RECORD}>"), format!("</{RECORD}>"));
    let start = message.find(&open).expect("the answer has a record");
    let end = message.rfind(&close).expect("the record ends") + close.len();
    (&message[..start], &message[start..end], &message[end..])
}

fn make(folder: &Path, mebibytes: usize) -> std::io::Result<()> {
    let contract = contract();
    let first = answer(&contract, 1, Envelope::None);
    let (before, records, after) = parts(&first);
    fs::write(folder.join("one.xml"), &first)?;
    let sized = (1..200).map(|seed| answer(&contract, seed, Envelope::Own));
    let sized = sized.min_by_key(|text| text.len().abs_diff(2_400)).expect("there are seeds");
    fs::write(folder.join("answer.xml"), sized)?;
    let mut out = BufWriter::new(File::create(folder.join("large.xml"))?);
    let (mut seed, mut bytes) = (1, before.len() + records.len() + after.len());
    out.write_all(before.as_bytes())?;
    out.write_all(records.as_bytes())?;
    while bytes < mebibytes << 20 {
        seed += 1;
        let next = answer(&contract, seed, Envelope::None);
        let (_, records, _) = parts(&next);
        bytes += records.len();
        out.write_all(records.as_bytes())?;
    }
    out.write_all(after.as_bytes())?;
    out.flush()
}

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start_matches(':').split_whitespace().next()?.parse().ok())
}

fn large(file: &Path) -> std::io::Result<()> {
    let target = Target::Contract(contract(), Some(Direction::Response));
    // What the program has touched until now, the read buffer included, is not the validator's.
    let mut buffer = vec![1u8; READ_BYTES];
    let mut file = File::open(file)?;
    // Lowers the high-water mark to what is resident now.
    let is_reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS");
    let began = Clock::instant();
    let mut validation = Validation::new(target, Options::default());
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        validation.feed(&buffer[..read]);
    }
    let report = validation.finish();
    let seconds = began.elapsed().as_secs_f64();
    assert!(report.valid, "{:?}", report.errors);
    println!("seconds {seconds:.4}");
    println!("mb_per_second {:.1}", report.bytes as f64 / 1e6 / seconds);
    match (is_reset, before, status("VmHWM")) {
        (true, Some(before), Some(after)) => println!("growth_kib {}", after.saturating_sub(before)),
        _ => println!("growth_kib unknown"),
    }
    Ok(())
}

fn small(file: &Path) -> std::io::Result<()> {
    let message = fs::read(file)?;
    let target = Target::Registry(registry());
    let mut each = Vec::new();
    for _ in 0..SMALL_RUNS / SMALL_RUNS_EACH {
        let began = Clock::instant();
        for _ in 0..SMALL_RUNS_EACH {
            assert!(validate(target.clone(), Options::default(), &message).valid);
        }
        each.push(began.elapsed().as_secs_f64() * 1e6 / SMALL_RUNS_EACH as f64);
    }
    each.sort_by(f64::total_cmp);
    println!("small_bytes {}", message.len());
    println!("small_us {:.2}", each[each.len() / 2]);
    Ok(())
}

fn compile(folder: &Path) {
    let began = Clock::instant();
    let import = Importer::default().import_path(folder);
    println!("descriptions {}", import.descriptions.len());
    println!("compile_seconds {:.3}", began.elapsed().as_secs_f64());
}

fn main() -> std::io::Result<()> {
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    match given[..] {
        ["make", folder, mebibytes] => make(Path::new(folder), mebibytes.parse().expect("a number of mebibytes")),
        ["large", file] => large(Path::new(file)),
        ["small", file] => small(Path::new(file)),
        ["compile", folder] => {
            compile(Path::new(folder));
            Ok(())
        }
        _ => {
            println!("run by benches/validate/run.sh");
            Ok(())
        }
    }
}
