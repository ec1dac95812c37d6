//! The schema compiler.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::SCHEMA.sow(), |input: &[u8]| (anslut_checks::SCHEMA.check)(input));
