//! Every statement of `qa.md` §10 is a test, or stands in `not_met.toml` with its reason.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;

use super::{assertions, command, import, mocks, mutants, native, reports, scripts, waits};

/// The statements of §10.
const STATEMENTS: std::ops::RangeInclusive<u16> = 1..=83;

/// A test and the statements it holds.
type Row = (&'static [u16], fn());

/// Tests of this folder, by name, so that none can be lost without notice.
const ROWS: &[Row] = &[
    (&[1, 2, 4], import::statements_1_2_and_4_a_folder_and_its_zip_are_the_same_suite),
    (&[3], import::statement_3_a_zip_that_leads_out_of_itself_is_refused),
    (&[5, 6, 7], import::statements_5_to_7_a_case_overrides_what_is_global),
    (&[8, 9, 10], import::statements_8_to_10_data_that_is_not_there_is_an_error_with_its_text),
    (&[11], import::statement_11_a_name_nobody_knows_is_empty_and_the_nearest_is_named),
    (&[12, 13, 14, 15], import::statements_12_to_15_expansions),
    (&[16], import::statement_16_headers_come_without_the_blanks_around_them),
    (&[17], mocks::statement_17_a_mock_answers_by_name_and_refuses_what_is_invalid),
    (&[18], mocks::statement_18_a_sequence_goes_round),
    (
        &[19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 36, 37, 38, 39],
        assertions::statements_19_to_39_say_what_each_assertion_comes_to,
    ),
    (&[35], assertions::statement_35_an_assertion_step_judges_the_answer_of_another),
    (&[40], assertions::statement_40_a_refused_connection_is_an_error),
    (&[41, 42], scripts::statements_41_and_42_lists_of_ids),
    (&[43], scripts::statement_43_every_record_is_of_the_patient),
    (&[44], scripts::statement_44_dates_lie_in_the_period),
    (&[46], scripts::statement_46_content_assertions),
    (&[47], scripts::statement_47_a_case_is_given_up_by_its_environment),
    (&[48], scripts::statement_48_rule_files),
    (&[49], scripts::statement_49_rules_that_are_switched_off_are_left_out),
    (&[50], scripts::statement_50_header_values_are_equal_or_not),
    (&[51], scripts::statement_51_names_quotes_and_comments_do_not_matter),
    (&[52], scripts::statement_52_what_is_not_known_is_not_run),
    (&[53], scripts::statement_53_an_empty_script_proves_nothing),
    (&[54], scripts::statement_54_what_follows_an_unknown_script_is_not_run),
    (&[61], scripts::statement_61_properties_outlive_a_case_and_variables_do_not),
    (&[62], scripts::statement_62_a_failing_step_ends_the_case_or_does_not),
    (&[63], command::exit_codes_tell_what_kind_of_trouble_it_is),
    (&[71, 72], command::a_run_is_kept_reported_and_bundled),
    (&[73], command::statement_73_identities_that_may_be_somebodys_stay_here),
    (&[45], reports::statement_45_nested_periods_are_accepted_without_times_and_where_they_overlap),
    (&[64], waits::statement_64_a_case_waits_for_its_call_and_tells_near_misses),
    (&[65], waits::statement_65_an_empty_logical_address_is_noticed),
    (&[66], waits::statement_66_a_repetition_soon_after_a_fault_is_noticed),
    (&[69], reports::statement_69_junit_counts_each_verdict),
    (&[70], reports::statement_70_totals_are_a_recount_and_runs_repeat),
    (&[74], reports::statement_74_a_declaration_tells_what_runs_show_and_nothing_else),
    (&[79], reports::statement_79_data_that_is_exported_is_imported_as_it_was),
    (&[81], reports::statement_81_json_is_one_document),
    (&[77], mutants::statement_77_mutants_are_caught_by_their_rules_and_the_golden_producer_is_left_alone),
    (&[78], native::statement_78_a_native_case_says_what_a_published_one_says),
    (&[80], native::statement_80_an_unknown_key_is_refused_with_its_line),
    (&[82], scripts::statement_82_platform_rules_are_observations_unless_asked_for),
];

/// Tests of this folder that are asynchronous: statements, file, name.
const ASYNC_ROWS: &[(&[u16], &str, &str)] = &[
    (&[75], "api.rs", "statement_75_a_session_moves_as_its_deviations_allow"),
    (&[66], "platform.rs", "statement_66_a_case_makes_the_mocked_producer_misbehave_and_puts_it_right_again"),
    (&[67], "platform.rs", "statement_67_updates_are_read_from_the_record_of_a_running_platform"),
    (&[76], "api.rs", "statement_76_a_reviewer_decides_with_a_reason"),
    (&[83], "api.rs", "statement_83_a_run_is_started_watched_and_ended"),
];

/// Tests beside the code: statements, file, name.
const UNIT_ROWS: &[(&[u16], &str, &str)] = &[
    (&[55], "schematron/tests.rs", "statement_55_an_abstract_pattern_writes_its_parameters_into_messages_too"),
    (&[56], "schematron/tests.rs", "statement_56_only_the_first_rule_of_a_pattern_fires_for_a_node"),
    (&[57], "schematron/tests.rs", "statement_57_an_extended_rule_brings_its_asserts_and_lets_are_seen_by_tests"),
    (&[58], "xpath/tests.rs", "statement_58_values_are_those_xpath_2_defines"),
    (&[67], "index/updates.rs", "statement_67_updates_are_few_apart_and_not_too_large"),
    (&[68], "index/audit/tests.rs", "statement_68_index_and_producers_are_held_against_each_other"),
    (&[59], "schematron/tests.rs", "statement_59_a_report_that_holds_is_no_failure"),
    (&[60], "schematron/tests.rs", "statement_60_an_unknown_function_is_an_error_with_its_line"),
];

/// Tests of statements that are not met: each must fail.
const PROBES: &[(u16, fn())] = &[];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotMet {
    number: u16,
    part: Option<String>,
    reason: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    statement: Vec<NotMet>,
}

fn not_met() -> Vec<NotMet> {
    toml::from_str::<File>(include_str!("not_met.toml")).expect("not_met.toml").statement
}

fn rows() -> BTreeSet<u16> {
    let here = ROWS.iter().flat_map(|(numbers, _)| numbers.iter());
    let named = ASYNC_ROWS.iter().chain(UNIT_ROWS).flat_map(|(numbers, ..)| numbers.iter());
    here.chain(named).copied().collect()
}

#[test]
fn every_statement_is_a_row_or_has_a_reason() {
    let (rows, not_met) = (rows(), not_met());
    let wholly: BTreeSet<u16> = not_met.iter().filter(|one| one.part.is_none()).map(|one| one.number).collect();
    let missing: Vec<_> = STATEMENTS.filter(|number| !rows.contains(number) && !wholly.contains(number)).collect();
    assert!(missing.is_empty(), "statements without a row or a reason: {missing:?}");
    let both: Vec<_> = rows.intersection(&wholly).collect();
    assert!(both.is_empty(), "statements that have a row, and stand in not_met.toml: {both:?}");
    let strange: Vec<_> = rows.iter().chain(&wholly).filter(|number| !STATEMENTS.contains(number)).collect();
    assert!(strange.is_empty(), "rows of statements that do not exist: {strange:?}");
    let unexplained: Vec<_> = not_met.iter().filter(|one| one.reason.trim().len() < 10).collect();
    assert!(unexplained.is_empty(), "statements not met for no reason: {unexplained:?}");
}

#[test]
fn the_rows_beside_the_code_are_tests() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/qa");
    for (numbers, file, name) in UNIT_ROWS {
        let text = std::fs::read_to_string(source.join(file)).unwrap();
        assert!(text.contains(&format!("fn {name}()")), "{numbers:?}: {file} has no test {name}");
    }
}

#[test]
fn the_asynchronous_rows_are_tests() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/qa");
    for (numbers, file, name) in ASYNC_ROWS {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains(&format!("async fn {name}()")), "{numbers:?}: {file} has no test {name}");
    }
}

#[test]
fn no_probe_holds() {
    let not_met = not_met();
    for (number, probe) in PROBES {
        assert!(not_met.iter().any(|one| one.number == *number), "the probe of {number} is of no statement not met");
        let holds = catch_unwind(AssertUnwindSafe(probe)).is_ok();
        assert!(!holds, "{number} stands in not_met.toml, and its probe holds");
    }
}
