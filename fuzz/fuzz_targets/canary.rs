//! Panics on one input in 2⁴⁸: a run that does not find it is no fuzzing, and what it says of the others is worth nothing.
#![no_main]

use std::hint::black_box;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let mut found = 0;
    for (at, byte) in b"canary".iter().enumerate() {
        if input.get(at) != Some(byte) {
            break;
        }
        // Each right byte is a place of its own, so that the next one is looked for behind it.
        match at {
            0 => found = black_box(1),
            1 => found = black_box(found + 1),
            2 => found = black_box(3),
            3 => found = black_box(found | 4),
            _ => found = black_box(at + 1),
        }
    }
    assert!(found < 6, "the canary is found");
});
