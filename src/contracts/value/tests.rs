use super::*;

#[track_caller]
fn check(of: Builtin, accepted: &[&str], refused: &[&str]) {
    let admits = |text: &str| of.admits(&of.white_space().normalise(text));
    for text in accepted {
        assert!(admits(text), "{} refuses {text:?}", of.name());
    }
    for text in refused {
        assert!(!admits(text), "{} accepts {text:?}", of.name());
    }
}

/// Every cell of the table in `contracts.md` §3.5.
#[test]
fn the_measured_values_are_accepted_and_refused() {
    use Builtin as B;
    check(B::Boolean, &["true", "false", "1", "0", " true "], &["TRUE", "yes", "Ja", ""]);
    let no_integers = ["1.0", "1e3", "1 2", "0x1F", "", "\u{663}"];
    check(B::Int, &["+5", "-0", "007", " 42 ", "2147483647", "-2147483648"], &no_integers);
    check(B::Int, &[], &["2147483648", "-2147483649"]);
    check(B::UnsignedShort, &["-0", "65535"], &["-1", "65536"]);
    check(B::PositiveInteger, &["1"], &["0", "-0"]);
    check(B::NegativeInteger, &["-1"], &["0"]);
    check(B::Decimal, &[".5", "5.", "+1.50", "-0"], &["1e3", "1,5", ".", "-", "INF", ""]);
    let no_doubles = ["+INF", "nan", "Infinity", "1,5", "0x1p3", "1d", "1E", ""];
    check(B::Double, &["INF", "-INF", "NaN", "1E-2", ".5", "5.", "1e400"], &no_doubles);
    check(
        B::DateTime,
        &["2013-08-01T24:00:00", "2013-08-01T24:00:00.0", "2013-08-01T12:00:00.123456789012", "-0044-03-15T12:00:00"],
        &["0000-01-01T00:00:00", "02013-08-01T00:00:00", "+2013-08-01T00:00:00", "2013-08-01T24:00:01"],
    );
    check(
        B::DateTime,
        &["12013-08-01T00:00:00Z", "2013-08-01T00:00:00+14:00", "2013-08-01T00:00:00-00:00", " 2012-02-29T00:00:00 "],
        &["2013-08-01T12:00:60", "2013-08-01T12:00", "2013-08-01T12:00:00.", "2013-08-01t12:00:00", ""],
    );
    check(
        B::DateTime,
        &[],
        &["2013-08-01T12:00:00z", "2013-08-01 12:00:00", "2013-08-01T12:00:00+14:01", "2013-02-29T12:00:00"],
    );
    check(B::Date, &["2013-08-01Z", "2013-08-01+02:00"], &["20130801", "2013-8-1"]);
    check(B::Time, &["24:00:00", "12:00:00.5Z"], &["12:00", "24:00:01"]);
    check(B::GYear, &["2013Z"], &["13", "201308-"]);
    check(B::GYearMonth, &["2013-08"], &["201308"]);
    check(B::GMonthDay, &["--02-29"], &["--02-30"]);
    check(B::GDay, &["---31"], &["---32"]);
    check(B::Duration, &["P1Y", "-P1D", "PT1.5S"], &["P", "PT", "P1YT", "P1W", "P1M2Y", "PT1S1M", "P0.5D"]);
    check(
        B::AnyUri,
        &["", "a b", "å", "1.2.3", "a{b}", "C:\\x", "<x>", "http://x:99999/", "http://[::1]/"],
        &["http://[::1", "%zz", "a%", "#a#b", "://x"],
    );
    check(
        B::Base64Binary,
        &["", "Q U J D R A = =", "QUJDRA==", "QUI="],
        &["QUJD1", "QUJDRB==", "QUJ=", "====", "cid:1"],
    );
    check(B::HexBinary, &["0fB7", "", " 0f "], &["0", "0f b7"]);
    check(B::NmToken, &["1a", "a:b", "å"], &["a b", "a$", ""]);
    check(B::NcName, &["_a"], &["a:b", "1a", "-a", ""]);
    check(B::Name, &[":a"], &["1a", ""]);
    check(B::Language, &["sv", "sv-SE", "s", "x-klingon"], &["sv_SE", "12", "abcdefghi", ""]);
    check(B::QName, &["a:b", "b"], &[":a", "", "a:"]);
}

#[test]
fn values_are_compared_as_values() {
    let same = |of: Builtin, one: &str, other: &str| of.value(one).unwrap().same(&of.value(other).unwrap());
    assert!(same(Builtin::Decimal, "1.0", "1"));
    assert!(same(Builtin::Decimal, "-0", "0"));
    assert!(same(Builtin::Double, "1.0", "1"));
    assert!(same(Builtin::DateTime, "2013-08-01T24:00:00", "2013-08-02T00:00:00"));
    assert!(same(Builtin::DateTime, "2013-08-01T12:00:00Z", "2013-08-01T14:00:00+02:00"));
    assert!(same(Builtin::Base64Binary, "QUJD RA==", "QUJDRA=="));
    assert!(!same(Builtin::String, "1.0", "1"));
}

#[test]
fn order_is_undetermined_within_the_widest_offset() {
    let order = |of: Builtin, one: &str, other: &str| of.value(one).unwrap().compare(&of.value(other).unwrap());
    assert_eq!(order(Builtin::DateTime, "2013-08-01T12:00:00", "2013-08-01T12:00:00Z"), None);
    assert!(order(Builtin::DateTime, "2013-08-01T12:00:00", "2013-08-03T12:00:00Z").is_some_and(|order| order.is_lt()));
    assert_eq!(order(Builtin::Duration, "P1M", "P30D"), None);
    assert!(order(Builtin::Duration, "P1M", "P32D").is_some_and(|order| order.is_lt()));
    assert!(order(Builtin::Integer, "-10", "9").is_some_and(|order| order.is_lt()));
}

#[test]
fn white_space_is_normalised_per_type() {
    assert_eq!(WhiteSpace::Preserve.normalise(" a\tb "), " a\tb ");
    assert_eq!(WhiteSpace::Replace.normalise(" a\tb "), " a b ");
    assert_eq!(WhiteSpace::Collapse.normalise(" a\t b "), "a b");
    assert_eq!(WhiteSpace::Collapse.normalise("\u{a0}a"), "\u{a0}a");
}

#[test]
fn base64_may_come_in_pieces() {
    let mut state = Base64::default();
    for byte in b"QUJD RA==" {
        state.advance(&[*byte]);
    }
    assert!(state.is_complete());
    assert_eq!(state.octets(), 4);
}
