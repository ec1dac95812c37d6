//! Which published descriptions and schemas compile, beside what three validators say of them.

use std::collections::HashMap;

use anslut::config::contracts::ImportLimits;
use anslut::contracts::diagnostic::{Code, Diagnostic};
use anslut::contracts::import::Importer;
use anslut::contracts::package::Package;

use super::corpus::{Table, corpus};

#[test]
fn every_description_that_compiles_elsewhere_compiles_here() {
    let (Some(folder), Some(table)) = (corpus(), Table::read("schema_verdicts.tsv")) else { return };
    let root = folder.join("contracts");
    let import = Importer::default().import_path(&root);
    let prefix = format!("{}/", root.display());
    let found: HashMap<_, _> =
        import.descriptions.iter().map(|one| (one.path.strip_prefix(&prefix).unwrap(), one)).collect();
    let mut differing = Vec::new();
    let mut compared = 0;
    for row in table.rows().filter(|row| row.get("kind") == "wsdl") {
        let imported = found[row.get("file")];
        compared += 1;
        match row.get("libxml2") {
            "none" => {
                let codes: Vec<_> = imported.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
                assert!(codes.contains(&Code::WithoutOperation), "{}: {codes:?}", row.get("file"));
            }
            verdict if (verdict == "ok") != imported.is_usable => {
                let errors: Vec<_> =
                    imported.diagnostics.iter().filter(|one| one.is_error()).map(ToString::to_string).collect();
                differing.push(format!("{}: {verdict} elsewhere, here {errors:#?}", row.get("file")));
            }
            "fail" => {
                let first = imported.diagnostics.iter().find(|one| one.is_error()).unwrap();
                let place = format!("{}:{}:", first.path.rsplit('/').next().unwrap(), first.line);
                assert!(row.get("message").starts_with(&place), "{first} for {}", row.get("message"));
            }
            _ => {}
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert!(compared > 90, "{compared} descriptions compared");
    assert_eq!(import.descriptions.len(), compared);
}

#[test]
fn every_schema_that_compiles_elsewhere_compiles_here() {
    let (Some(folder), Some(table)) = (corpus(), Table::read("schema_verdicts.tsv")) else { return };
    let (package, _) = Package::read(&folder.join("contracts"), &ImportLimits::default()).unwrap();
    let mut importer = Importer::default();
    let mut differing = Vec::new();
    for row in table.rows().filter(|row| row.get("kind") == "xsd") {
        let (schema, diagnostics) = importer.compile_file(&package, row.get("file"));
        let is_usable = schema.is_some() && !diagnostics.iter().any(Diagnostic::is_error);
        if (row.get("libxml2") == "ok") != is_usable {
            let errors: Vec<_> = diagnostics.iter().filter(|one| one.is_error()).map(ToString::to_string).collect();
            differing.push(format!("{}: {} elsewhere, here {errors:#?}", row.get("file"), row.get("libxml2")));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}
