//! Character sets and attachments of a request.
#![no_main]

libfuzzer_sys::fuzz_target!(init: anslut_checks::REQUEST.sow(), |input: &[u8]| (anslut_checks::REQUEST.check)(input));
