//! The validator.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::MESSAGE.sow(), |input: &[u8]| (anslut_checks::MESSAGE.check)(input));
