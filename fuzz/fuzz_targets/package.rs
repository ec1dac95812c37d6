//! The reader of published zips.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::PACKAGE.sow(), |input: &[u8]| (anslut_checks::PACKAGE.check)(input));
