//! The catalogue's name of a script, by what it does (`qa.md` §3.2). The first that fits counts.

use super::recognise::Facts;

pub(super) fn of(facts: &Facts) -> &'static str {
    let f = facts;
    if f.is_empty {
        return "G00";
    }
    if f.mock || (f.returns_value && !f.loads && !f.asserts && !f.fails) {
        return "M1";
    }
    if f.date_format {
        return "M3";
    }
    if f.loads {
        return match (f.guarded_load, f.sets_property) {
            (true, _) => "G19",
            (false, true) => "G02b",
            (false, false) => "G01",
        };
    }
    if f.dates {
        return "G03";
    }
    if f.cancels {
        return "G04";
    }
    if f.content {
        return if f.counts_records { "G06" } else { "G05" };
    }
    if f.schematron {
        return match (f.returns_early, f.asserts, f.fails) {
            (true, ..) => "G07d",
            (false, true, _) => "G07b",
            (false, false, true) => "G07a",
            (false, false, false) => "G07c",
        };
    }
    if f.tokenizes {
        return if f.collects { "G08b" } else { "G08a" };
    }
    if f.parses {
        return "G18";
    }
    if f.slurps {
        return "G14";
    }
    if f.json {
        return "G20";
    }
    if f.record_loop {
        return match (f.loop_in_record, f.cuts, f.request_holder || f.ors) {
            (true, true, _) => "G12",
            (_, true, _) => "G11",
            (_, false, true) => "G10b",
            (_, false, false) => "G10a",
        };
    }
    if f.headers {
        return "G13";
    }
    if f.holder && (f.counts_nodes || f.fails || f.asserts) {
        return "G09";
    }
    if f.time_taken {
        return "G16";
    }
    if f.counts_text {
        return "G17";
    }
    if f.sets_property {
        return if f.holder { "G15" } else { "G02" };
    }
    if f.sets_variable {
        return "M2";
    }
    "G09"
}
