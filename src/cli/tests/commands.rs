//! Whole commands: what they print, where, and how they end.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::anslut;
use crate::cli::arguments::{ServeArguments, SettingsArguments};
use crate::cli::check::Report;
use crate::cli::failure::Exit;
use crate::cli::serve::options;
use crate::cli::terminal::{Palette, Terminal, columns, printable};
use crate::domain::problem::Problem;

fn environment(toml: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("anslut.toml"), toml).unwrap();
    let name = folder.path().display().to_string();
    (folder, name)
}

#[test]
fn config_prints_every_value_and_its_origin() {
    let (_folder, name) = environment("[hub]\ncalls_max = 7\n");
    let ran = anslut(&["config", &name, "--set", "vp.instance.id=X"], &[("ANSLUT_LISTEN__ADMIN", "off")]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Done, ""));
    let line = |key: &str| {
        let line = ran.out.lines().find(|line| line.split(' ').next() == Some(key)).unwrap();
        line.split_whitespace().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line("hub.calls_max"), [format!("{name}/anslut.toml:2"), "7".to_owned()]);
    assert_eq!(line("properties.vp.instance.id"), ["--set", "X"]);
    assert_eq!(line("listen.admin"), ["ANSLUT_LISTEN__ADMIN", "off"]);
    assert_eq!(line("listen.hub_http"), ["default", "127.0.0.1:8080"]);
    assert_eq!(line("hub.demo_sender"), ["default", "(unset)"]);
    assert_eq!(line("properties.sender.id.allowed.list"), ["default", "\"\""]);
}

#[test]
fn config_as_json_and_with_errors() {
    let (_folder, name) = environment("[hub]\ncalls_max = 0\n");
    let ran = anslut(&["config", &name, "--json"], &[]);
    assert_eq!(ran.exit, Exit::Environment);
    assert_eq!(ran.err, "error: the settings hold 1 error\n");
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["problems"][0]["line"], 2);
    let values = json["values"].as_array().unwrap();
    let calls_max = values.iter().find(|value| value["key"] == "hub.calls_max").unwrap();
    assert_eq!((&calls_max["value"], &calls_max["origin"]), (&"0".into(), &format!("{name}/anslut.toml:2").into()));

    let ran = anslut(&["config", &name], &[]);
    assert_eq!(ran.exit, Exit::Environment);
    assert!(ran.out.contains("hub.calls_max"));
    assert!(ran.err.contains("anslut.toml:2: error: hub.calls_max"), "{}", ran.err);
}

#[test]
fn check_reports_the_settings() {
    let (_folder, name) = environment("[hub]\ncalls_max = 0\nx = 1\n[properties]\n\"my.own\" = \"1\"");
    let ran = anslut(&["check", &name], &[]);
    assert_eq!((ran.exit, ran.err.as_str()), (Exit::Failed, ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[0].starts_with(&format!("{name}/anslut.toml:2: error: hub.calls_max")), "{lines:?}");
    assert!(lines[3].contains("the catalogue is not initialised"), "{lines:?}");
    assert!(lines[4].ends_with(": 2 errors, 2 warnings"), "{lines:?}");

    let json: Value = serde_json::from_str(&anslut(&["check", &name, "--json"], &[]).out).unwrap();
    assert_eq!((&json["errors"], &json["warnings"]), (&2.into(), &2.into()));
    assert_eq!(json["problems"][2]["severity"], "warning");
}

#[test]
fn check_knows_the_services_of_the_platform() {
    let (folder, name) = environment("");
    fs::create_dir(folder.path().join("tak")).unwrap();
    let route = |address: &str, url: &str| {
        format!(
            "[[route]]\naddress = \"{address}\"\ncontract = \"urn:c:XResponder:1\"\nprofile = \"RIVTABP21\"\nurl = \"{url}\"\n"
        )
    };
    let routes = route("A", "index:find")
        + &route("B", "index:fnid")
        + &route("C", "index:update/x?wsdl")
        + &route("D", "aggregation:GetAggregatedDiagnosis-v2")
        + &route("E", "aggregation:GetAggregatedDiagnose-v2");
    fs::write(folder.path().join("tak/routes.toml"), routes).unwrap();
    let ran = anslut(&["check", &name], &[]);
    let named: Vec<&str> = ran.out.lines().filter(|line| line.contains("service of the index")).collect();
    assert_eq!(named.len(), 1, "{}", ran.out);
    assert!(named[0].starts_with(&format!("{name}/tak/routes.toml:")), "{named:?}");
    assert!(named[0].contains("route to \"B\" (urn:c:XResponder:1): \"index:fnid\" is no service"), "{named:?}");
    let named: Vec<&str> = ran.out.lines().filter(|line| line.contains("aggregating service")).collect();
    let expected = "\"aggregation:GetAggregatedDiagnose-v2\" is no aggregating service, did you mean \"GetAggregatedDiagnosis-v2\"?";
    assert!(named.len() == 1 && named[0].contains(expected), "{named:?}");
}

#[test]
fn check_opens_the_certificates() {
    let (folder, name) = environment("[tls]\nca = \"ca.pem\"\ncert = \"hub.pem\"\nkey = \"hub.key\"\n");
    fs::write(folder.path().join("ca.pem"), "ingenting").unwrap();
    let ran = anslut(&["check", &name], &[]);
    assert_eq!(ran.exit, Exit::Failed, "{}", ran.out);
    for file in ["ca.pem", "hub.pem"] {
        let told = ran.out.lines().filter(|line| line.contains("error") && line.contains(file)).count();
        assert_eq!(told, 1, "{file}: {}", ran.out);
    }
}

#[test]
fn check_misses_no_folder_where_the_catalogue_is_elsewhere() {
    let (_folder, name) = environment("");
    assert!(anslut(&["check", &name], &[]).out.contains("there is no such folder"));
    let elsewhere = "[properties]\n\"takcache.endpoint.address\" = \"http://127.0.0.1:1/\"\n";
    let (_folder, name) = environment(elsewhere);
    let ran = anslut(&["check", &name], &[]);
    assert!(ran.exit == Exit::Done && ran.out.ends_with(": no problems\n"), "{}", ran.out);
}

#[test]
fn a_report_names_what_it_counted() {
    let plain = Palette { colour: false };
    let text = |problems: Vec<Problem>| Report::new("demo".to_owned(), problems).text(plain);
    let warning = Problem::warning("a".as_ref(), 1, "w");
    let error = Problem::error("a".as_ref(), 0, "e");
    assert_eq!(text(vec![]), "✓ demo: no problems\n");
    assert_eq!(text(vec![warning.clone()]), "a:1: warning: w\n✓ demo: 1 warning\n");
    assert_eq!(text(vec![error.clone()]), "a: error: e\n✗ demo: 1 error\n");
    let coloured = Report::new("demo".to_owned(), vec![error]).text(Palette { colour: true });
    assert!(coloured.starts_with("\x1b[31ma: error: e\x1b[0m\n"), "{coloured:?}");
}

#[test]
fn an_environment_that_is_not_there() {
    for command in ["check", "config", "serve"] {
        let ran = anslut(&[command, "no/such/place"], &[]);
        assert_eq!((ran.exit, ran.out.as_str()), (Exit::Environment, ""));
        assert_eq!(
            ran.err,
            "error: no environment \"no/such/place\": it is neither a folder nor the built-in name \"demo\"\n"
        );
    }
}

#[test]
fn causes_are_printed_below_the_error() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let ran = anslut(&["serve", "--data", &file.display().to_string()], &[]);
    assert_eq!(ran.exit, Exit::Environment);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines[0], format!("error: cannot use {} for data", file.display()));
    assert!(lines[1].starts_with("  because: "), "{lines:?}");
}

fn serve_arguments(environment: &str, sets: &[&str]) -> ServeArguments {
    ServeArguments {
        environment: environment.to_owned(),
        settings: SettingsArguments { sets: sets.iter().map(|set| (*set).to_owned()).collect() },
        ..ServeArguments::default()
    }
}

#[test]
fn serve_options_hold_settings_and_a_locked_directory() {
    let (folder, name) = environment("");
    let data = folder.path().join("data");
    let variables = [("ANSLUT_DATA".to_owned(), data.display().to_string())];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut terminal = Terminal::new(&mut out, &mut err, false, &variables);
    let arguments = serve_arguments(&name, &["hub.calls_max=3"]);

    let first = options(&arguments, &variables, &mut terminal).unwrap();
    assert_eq!(first.settings.hub.limits.calls_max, 3);
    assert_eq!(first.data.path(), data);

    let second = options(&arguments, &variables, &mut terminal).unwrap_err();
    assert_eq!(second.exit, Exit::Environment);

    let ephemeral = ServeArguments { ephemeral: true, ..serve_arguments(&name, &[]) };
    assert!(options(&ephemeral, &variables, &mut terminal).unwrap().data.is_ephemeral());
}

#[test]
fn wrong_settings_leave_no_directory_behind() {
    let (folder, name) = environment("");
    let data = folder.path().join("data").display().to_string();
    let ran = anslut(&["serve", &name, "--data", &data, "--set", "hub.cals_max=3"], &[]);
    assert_eq!(ran.exit, Exit::Environment);
    assert_eq!(
        ran.err,
        "--set: error: unknown key \"hub.cals_max\"; did you mean \"hub.calls_max\"?\nerror: the settings hold 1 error\n"
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn colour_is_for_terminals_without_no_color() {
    let colour = |is_terminal: bool, variables: &[(&str, &str)]| {
        let variables: Vec<_> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Terminal::new(&mut Vec::new(), &mut Vec::new(), is_terminal, &variables).palette().colour
    };
    assert!(colour(true, &[]) && colour(true, &[("NO_COLOR", "")]));
    assert!(!colour(false, &[]) && !colour(true, &[("NO_COLOR", "1")]) && !colour(true, &[("TERM", "dumb")]));
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let rows = [["å".to_owned(), String::new(), "b".to_owned()], ["ccc".to_owned(), String::new(), "dddd".to_owned()]];
    assert_eq!(columns(&rows), ["å    b", "ccc  dddd"]);
    assert_eq!(printable("a\x1b[31m\nb"), "a\\u{1b}[31m\\nb");
}
