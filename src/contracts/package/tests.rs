use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::*;

/// One entry of a zip made for a test, honest unless told otherwise.
struct Made {
    central: Vec<u8>,
    local: Vec<u8>,
    contents: Vec<u8>,
    mode: u32,
    flags: u16,
}

fn made(name: &str, contents: &[u8]) -> Made {
    let name = name.as_bytes().to_vec();
    Made { central: name.clone(), local: name, contents: contents.to_vec(), mode: 0o100_644, flags: 0 }
}

fn zip(entries: &[Made]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&entry.contents).unwrap();
        let packed = encoder.finish().unwrap();
        let offset = out.len() as u32;
        out.extend(0x0403_4b50u32.to_le_bytes());
        for field in [20, entry.flags, 8, 0, 0] {
            out.extend(field.to_le_bytes());
        }
        for field in [0, packed.len() as u32, entry.contents.len() as u32] {
            out.extend(field.to_le_bytes());
        }
        out.extend((entry.local.len() as u16).to_le_bytes());
        out.extend(0u16.to_le_bytes());
        out.extend(&entry.local);
        out.extend(&packed);
        directory.extend(0x0201_4b50u32.to_le_bytes());
        for field in [20, 20, entry.flags, 8, 0, 0] {
            directory.extend(field.to_le_bytes());
        }
        for field in [0, packed.len() as u32, entry.contents.len() as u32] {
            directory.extend(field.to_le_bytes());
        }
        for field in [entry.central.len() as u16, 0, 0, 0, 0] {
            directory.extend(field.to_le_bytes());
        }
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.central);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(0x0605_4b50u32.to_le_bytes());
    for field in [0, 0, entries.len() as u16, entries.len() as u16] {
        out.extend(field.to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend(0u16.to_le_bytes());
    out
}

fn read(bytes: &[u8]) -> Result<(Package, Vec<Diagnostic>), Diagnostic> {
    Package::read_zip("a.zip", bytes, &ImportLimits::default())
}

#[track_caller]
fn check_refused(entries: &[Made], entry: &str, reason: &str) {
    let refusal = read(&zip(entries)).expect_err("the archive is accepted");
    assert!(matches!(refusal.code, Code::Archive | Code::Limit));
    assert_eq!(refusal.path, format!("a.zip!{entry}"));
    assert!(refusal.message.contains(reason), "{}", refusal.message);
}

#[test]
fn schema_files_are_read_and_the_rest_is_left() {
    let bytes = zip(&[made("d/a.xsd", b"<a/>"), made("d/docs/b.docx", b"x"), made("d/c.zip", b"PK")]);
    let (package, notes) = read(&bytes).unwrap();
    assert_eq!(package.names().collect::<Vec<_>>(), ["d/a.xsd"]);
    assert_eq!(package.bytes("d/a.xsd").unwrap().as_ref(), b"<a/>");
    assert_eq!(package.name_ignoring_case("D/A.xsd"), Some("d/a.xsd"));
    assert_eq!((notes[0].code, notes[0].path.as_str()), (Code::Nested, "a.zip!d/c.zip"));
}

#[test]
fn a_path_out_of_the_archive_is_refused() {
    for name in ["../../../../etc/passwd", "a/../../b.xsd", "/etc/passwd"] {
        check_refused(&[made(name, b"")], name, "root");
    }
    check_refused(&[made(r"..\a.xsd", b"")], r"..\\a.xsd", "root");
    check_refused(&[made("C:/a.xsd", b"")], "C:/a.xsd", "absolute");
    check_refused(&[made("a\0.xsd", b"")], r"a\0.xsd", "control");
}

#[test]
fn two_entries_of_one_name_are_refused() {
    check_refused(&[made("a.xsd", b"1"), made("A.xsd", b"2")], "A.xsd", "two entries");
    check_refused(&[made("a.xsd", b"1"), made("./a.xsd", b"2")], "a.xsd", "two entries");
}

#[test]
fn links_encryption_and_lying_headers_are_refused() {
    check_refused(&[Made { mode: 0o120_777, ..made("a.xsd", b"/etc/passwd") }], "a.xsd", "link");
    check_refused(&[Made { flags: 1, ..made("a.xsd", b"") }], "a.xsd", "encrypted");
    check_refused(&[Made { local: b"b.xsd".to_vec(), ..made("a.xsd", b"") }], "a.xsd", "disagree");
}

#[test]
fn a_bomb_is_refused_while_it_unpacks() {
    check_refused(&[made("a.xsd", &vec![b' '; 40 << 20])], "a.xsd", "unpacks to more");
    check_refused(&[made("a.xsd", &vec![b' '; 4 << 20])], "a.xsd", "ratio_max");
    assert!(read(&zip(&[made("a.xsd", &vec![b' '; 1 << 19])])).is_ok());
}

#[test]
fn what_is_no_zip_is_refused() {
    assert!(read(b"").unwrap_err().message.contains("not a zip"));
    assert!(read(b"PK not really").unwrap_err().message.contains("not a zip"));
    let whole = zip(&[made("a.xsd", b"<a/>")]);
    for length in 0..whole.len() {
        assert!(read(&whole[..length]).is_err(), "cut at {length}");
    }
}

#[test]
fn locations_stay_inside() {
    let inside = |path: &str| Location::Inside(path.to_owned());
    assert_eq!(resolve("a/b/c.wsdl", "../../x/y.xsd"), inside("x/y.xsd"));
    assert_eq!(resolve("a/b/c.wsdl", r"..\x.xsd"), inside("a/x.xsd"));
    assert_eq!(resolve("a/c.wsdl", "./x%20y.xsd"), inside("a/x y.xsd"));
    for outside in ["../../../x.xsd", "http://example.org/x.xsd", "/etc/passwd", "file:///x", "../../../../etc/passwd"]
    {
        assert_eq!(resolve("a/b/c.wsdl", outside), Location::Outside, "{outside}");
    }
}

#[test]
fn a_single_file_brings_its_surroundings_and_no_more() {
    let root = tempfile::tempdir().unwrap();
    let put = |name: &str, contents: &str| {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    };
    let flat = put("flat/a.wsdl", "<a/>");
    put("flat/b.xsd", "<b/>");
    let (package, _) = Package::read(&flat, &ImportLimits::default()).unwrap();
    assert_eq!((package.starts().collect::<Vec<_>>(), package.names().count()), (vec!["a.wsdl"], 2));
    // In the published layout, what it refers to lies two folders up.
    let deep = put("d/schemas/interactions/XInteraction/x.wsdl", "<a/>");
    put("d/schemas/core_components/c.xsd", "<c/>");
    let (package, _) = Package::read(&deep, &ImportLimits::default()).unwrap();
    assert!(package.names().any(|name| name.ends_with("core_components/c.xsd")));
    assert!(package.starts().next().unwrap().ends_with("interactions/XInteraction/x.wsdl"));
    // Anywhere else, thousands of strangers are no obstacle.
    for number in 0..2_100 {
        put(&format!("flat/z/s{number}.txt"), "");
    }
    let (package, _) = Package::read(&flat, &ImportLimits::default()).unwrap();
    assert_eq!(package.names().collect::<Vec<_>>(), ["a.wsdl", "b.xsd"]);
}

#[test]
fn test_cases_and_descriptions_are_known_by_where_they_lie() {
    let rows: [(&str, bool, bool); 9] = [
        ("test-suite/GetDiagnosis/GetDiagnosis-soapui-project.xml", true, false),
        ("domain-2.0/Test-Suite/GetDiagnosis/data.xml", true, false),
        ("test-suite/GetDiagnosis_2.0_soapui.txt", true, false),
        ("test-suite/GetDiagnosisOther/data.xml", false, false),
        ("schemas/interactions/GetDiagnosisInteraction/GetDiagnosis.xsd", false, false),
        ("docs/TKB_clinicalprocess_healthcond_description.docx", false, true),
        ("docs/Tjanstekontraktsbeskrivning.pdf", false, true),
        ("docs/AB_clinicalprocess.docx", false, false),
        ("TKB.docx", false, false),
    ];
    for (name, cases, description) in rows {
        let bytes = zip(&[made(name, b"x")]);
        let (zipped, _) = Package::read_zip("x.zip", &bytes, &ImportLimits::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, b"x").unwrap();
        let (unpacked, _) = Package::read(folder.path(), &ImportLimits::default()).unwrap();
        for package in [zipped, unpacked] {
            assert_eq!(package.has_test_cases("GetDiagnosis"), cases, "{name}");
            assert_eq!(package.has_description(), description, "{name}");
        }
    }
}
