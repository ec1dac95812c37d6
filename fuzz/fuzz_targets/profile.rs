//! The conversion between profiles.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::PROFILE.sow(), |input: &[u8]| (anslut_checks::PROFILE.check)(input));
