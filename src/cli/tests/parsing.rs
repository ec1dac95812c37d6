//! Arguments as clap reads them.

use clap::{CommandFactory, Parser};
use jiff::Timestamp;

use super::anslut;
use crate::cli::arguments::{Arguments, Command, moment};
use crate::cli::failure::Exit;
use crate::domain::profile::Profile;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

#[test]
fn the_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn serve_takes_everything_it_should() {
    let line = "anslut serve here --data d --set a=1 --set b=c=d --print-addresses --json";
    let arguments = parse(line).unwrap();
    assert!(arguments.json);
    let Some(Command::Serve(serve)) = arguments.command else { panic!("not serve") };
    assert_eq!((serve.environment.as_str(), serve.data), ("here", Some("d".into())));
    assert_eq!(serve.settings.sets, ["a=1", "b=c=d"]);
    assert!(serve.print_addresses && !serve.ephemeral);

    let Some(Command::Serve(serve)) = parse("anslut serve").unwrap().command else { panic!("not serve") };
    assert_eq!(serve.environment, "demo");
    assert!(parse("anslut").unwrap().command.is_none());
    assert!(parse("anslut --json config").unwrap().json);
}

#[test]
fn explain_takes_everything_it_should() {
    let line = "anslut explain demo --contract C --address A --sender S --at 2026-11-22T10:00 --profile RIVTABP20";
    let Some(Command::Explain(explain)) = parse(line).unwrap().command else { panic!("not explain") };
    assert_eq!((explain.contract.as_str(), explain.address.as_str(), explain.sender.as_str()), ("C", "A", "S"));
    assert_eq!(explain.at, Some("2026-11-22T09:00:00Z".parse().unwrap()));
    assert_eq!(explain.profile, Some(Profile::Rivtabp20));

    let blank = ["anslut", "explain", "demo", "--contract", "C", "--address", " A ", "--sender", "S"];
    let Some(Command::Explain(explain)) = Arguments::try_parse_from(blank).unwrap().command else {
        panic!("not explain")
    };
    assert_eq!(explain.address, " A ", "addresses are never trimmed");
}

#[test]
fn wrong_lines_are_usage_and_say_what_was_expected() {
    for (line, said) in [
        ("serve --data d --ephemeral", "cannot be used with"),
        ("serve --set nonsense", "expected KEY=VALUE"),
        ("serve --set =x", "expected KEY=VALUE"),
        ("check", "required"),
        ("explain demo --contract C --address A", "--sender"),
        ("explain demo --contract C --address A --sender S --at noon", "expected RFC 3339"),
        ("explain demo --contract C --address A --sender S --profile rivtabp22", "expected rivtabp20 or rivtabp21"),
        ("serv", "unrecognized subcommand"),
    ] {
        let ran = anslut(&line.split(' ').collect::<Vec<_>>(), &[]);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Usage, ""), "{line}");
        assert!(ran.err.contains(said), "{line}: {}", ran.err);
    }
}

#[test]
fn help_and_version_are_results() {
    let help = anslut(&["--help"], &[]);
    assert_eq!((help.exit, help.err.as_str()), (Exit::Done, ""));
    for word in ["serve", "check", "explain", "config", "--json", "Exit codes"] {
        assert!(help.out.contains(word), "{word}");
    }
    let version = anslut(&["--version"], &[]);
    assert_eq!(version.out, format!("anslut {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn moments() {
    let at = |text: &str| moment(text).map(|moment| moment.to_string());
    for (text, expected) in [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00Z"),
        ("2026-11-22T10:00", "2026-11-22T09:00:00Z"),
        ("2026-11-22T10:00:30", "2026-11-22T09:00:30Z"),
        ("2026-07-01T10:00", "2026-07-01T08:00:00Z"),
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        // The hour that happens twice is taken the first time, the one that does not happen is moved on.
        ("2026-10-25T02:30", "2026-10-25T00:30:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
    ] {
        assert_eq!(at(text).as_deref(), Ok(expected), "{text}");
    }
    for text in ["", "noon", "2026-02-30", "2026-11-22T25:00", "22/11 2026"] {
        assert!(moment(text).is_err(), "{text}");
    }
    assert_eq!(moment("1970-01-01T00:00:00Z"), Ok(Timestamp::UNIX_EPOCH));
}
