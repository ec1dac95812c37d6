//! The HSA tree from files to climbs (`vp.md` §1.5, §4.4; statement 114).

use super::t0::{TREE, hsa_xml};
use super::{Loaded, loaded, now, problems, unread, write};

fn unit(id: &str, dn: &str) -> String {
    format!("<hsaUnit><hsaIdentity>{id}</hsaIdentity><DN>{dn}</DN><name>{id}</name></hsaUnit>")
}

fn climb(loaded: &Loaded, id: &str) -> Vec<String> {
    loaded.catalogue.snapshot().above(id).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_climb_ends_at_se() {
    let loaded = loaded(&[("hsa/tree.xml", &hsa_xml(TREE))]);
    assert_eq!(climb(&loaded, TREE[0]), TREE[1..]);
    assert_eq!(climb(&loaded, TREE[3]), ["SE"]);
    assert_eq!(climb(&loaded, "SE"), Vec::<String>::new());
    assert_eq!(climb(&loaded, "unknown"), ["SE"]);
    assert_eq!(climb(&loaded, &TREE[0].to_lowercase()), ["SE"], "ids are compared case-sensitively");
    let without_se = self::loaded(&[("hsa/tree.xml", &hsa_xml(&TREE[..2]))]);
    assert_eq!(climb(&without_se, TREE[0]), [TREE[1], "SE"]);
}

#[test]
fn the_parent_is_the_nearest_dn_that_exists() {
    let xml = format!(
        "<x><date><endDate>2026-01-01</endDate></date>{}{}{}{}</x>",
        unit("GRANDCHILD", "ou=a, ou=missing ,ou=b,o=c"),
        unit("CHILD", " ou=b , o=c"),
        unit("TOP", "o=c"),
        unit("OTHER", "ou=a,ou=B,o=x"),
    );
    let loaded = loaded(&[("hsa/tree.xml", &xml)]);
    assert_eq!(climb(&loaded, "GRANDCHILD"), ["CHILD", "TOP", "SE"]);
    assert_eq!(climb(&loaded, "OTHER"), ["SE"]);
}

#[test]
fn later_files_override_dn_by_dn() {
    let first = format!("<x>{}{}</x>", unit("A", "ou=a,o=c"), unit("C", "o=c"));
    let second = format!("<x>{}</x>", unit("C2", "o=c"));
    let loaded = loaded(&[("hsa/1.xml", &first), ("hsa/2.xml", &second)]);
    assert_eq!(climb(&loaded, "A"), ["C2", "SE"]);
    assert_eq!(loaded.catalogue.snapshot().hsa().len(), 2);
}

#[test]
fn units_without_id_dn_or_name_are_passed_over_and_said() {
    let xml = "<x>\n<hsaUnit><hsaIdentity> </hsaIdentity><DN>o=1</DN><name>n</name></hsaUnit>\n\
               <hsaUnit><hsaIdentity>A</hsaIdentity><name>n</name></hsaUnit>\n\
               <hsaUnit><hsaIdentity>B</hsaIdentity><DN>o=2</DN></hsaUnit>\n<hsaUnit/>\n\
               <hsaUnit><hsaIdentity><![CDATA[C&]]>D</hsaIdentity><DN>o=3</DN><name/></hsaUnit></x>";
    let loaded = loaded(&[("hsa/tree.xml", xml), ("tak/a.toml", "")]);
    assert_eq!(loaded.catalogue.snapshot().hsa().nodes().len(), 1);
    assert_eq!(&*loaded.catalogue.snapshot().hsa().nodes()[0].id, "C&D");
    assert_eq!(
        problems(&loaded),
        [
            "hsa/tree.xml:2: warning: the hsaUnit is passed over: it has no hsaIdentity",
            "hsa/tree.xml:3: warning: the hsaUnit is passed over: it has no DN",
            "hsa/tree.xml:4: warning: the hsaUnit is passed over: it has no name",
            "hsa/tree.xml:5: warning: the hsaUnit is passed over: it has no hsaIdentity, no DN, no name",
        ]
    );
}

#[test]
fn statement_114_a_reset_says_what_it_did() {
    let loaded = unread(&[("hsa/tree.xml", &hsa_xml(TREE))], None);
    let file = loaded.folder.path().join("hsa/tree.xml").display().to_string();
    let body = |outcome: &str| format!("Start a reset of HSA cache using files: [{file}]\n{outcome}");
    assert_eq!(
        loaded.catalogue.reset_hsa().body(),
        body("Successfully reset HSA cache. \nHSA cache size was: 0 \nHSA cache now is: 5.")
    );
    write(loaded.folder.path(), &[("hsa/tree.xml", &format!("<x>{}</x>", unit("A", "o=a")))]);
    assert_eq!(loaded.catalogue.reset_hsa().body(), body("Warning: HSA cache reset to 1. Was 5 entries!"));
    assert!(loaded.catalogue.snapshot().hsa_status().initialised);
}

#[test]
fn what_cannot_be_used_keeps_the_old_tree_but_not_its_status() {
    let duplicates = format!("<x>\n{}\n{}</x>", unit("A", "ou=a, o=c"), unit("B", "ou=a,o=c"));
    for (broken, complaint) in [
        ("<x><hsaUnit></x>".to_owned(), ":1: error: not well-formed XML at column 13: Unexpected close tag </x>"),
        (duplicates, ":3: error: duplicate DN \"ou=a,o=c\": line 2 has it too"),
        ("<x>\u{1}</x>".to_owned(), "Illegal character"),
    ] {
        let loaded = loaded(&[("hsa/tree.xml", &hsa_xml(TREE))]);
        write(loaded.folder.path(), &[("hsa/z.xml", &broken)]);
        let reset = loaded.catalogue.reset_hsa();
        let reason = reset.outcome.clone().expect_err("unusable");
        assert!(reason.contains(complaint), "{reason}");
        assert!(reset.body().contains(&format!("]\nReset HSA cache failed.{reason}")));
        assert_eq!(climb(&loaded, TREE[0]), TREE[1..]);
        let status = loaded.catalogue.snapshot().hsa_status();
        let last = status.last.expect("a reset was made");
        assert_eq!((status.initialised, last.successful, last.size_before, last.at), (false, false, 5, now()));
    }
}

#[test]
fn named_files_stand_in_for_the_folder() {
    let other = loaded(&[("a.xml", &hsa_xml(&TREE[..3]))]);
    let named = vec![other.folder.path().join("a.xml"), other.folder.path().join("missing.xml")];
    let environment = crate::config::environment::Environment::Folder(other.folder.path().to_owned());
    let clock = crate::domain::clock::Clock::fixed(now());
    let catalogue = |named: &[std::path::PathBuf]| {
        crate::catalogue::Catalogue::new(environment.clone(), Some(named.to_vec()), None, clock.clone())
    };
    assert_eq!(catalogue(&named[..1]).reset_hsa().size_now, 3);
    let reset = catalogue(&named).reset_hsa();
    assert!(reset.body().contains("Reset HSA cache failed."), "{}", reset.body());
    assert!(reset.outcome.expect_err("missing").contains("missing.xml: error: cannot read the file"));
}

#[test]
fn without_any_file_the_tree_is_empty_and_initialised() {
    let loaded = loaded(&[]);
    assert!(loaded.catalogue.snapshot().hsa_status().initialised);
    assert_eq!(
        loaded.catalogue.reset_hsa().body(),
        "Start a reset of HSA cache using files: []\nWarning: HSA cache reset to 0. Was 0 entries!"
    );
}
