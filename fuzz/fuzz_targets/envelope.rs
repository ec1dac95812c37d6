//! The scan of an envelope's head.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::ENVELOPE.sow(), |input: &[u8]| (anslut_checks::ENVELOPE.check)(input));
