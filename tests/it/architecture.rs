//! The layers of the source, held by reading it: who may use whom, and what only one place may do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A module and what it may use. Layers go from the bottom up; within one, nobody uses anybody.
struct Layer {
    module: &'static str,
    may_use: &'static [&'static str],
    because: &'static str,
}

const LAYERS: &[Layer] = &[
    Layer { module: "domain", may_use: &[], because: "it is the words we all use, and stands on nothing of ours" },
    Layer { module: "soap", may_use: &["domain"], because: "bytes and envelopes know no disk and no settings" },
    Layer {
        module: "net",
        may_use: &["domain"],
        because: "connections come before anything is known to be spoken on them",
    },
    Layer { module: "pki", may_use: &["domain"], because: "a CA makes certificates and knows nobody who uses them" },
    Layer { module: "store", may_use: &["domain"], because: "bytes and disk know no envelopes and no settings" },
    Layer { module: "config", may_use: &["domain"], because: "text and settings know no envelopes and no store" },
    Layer {
        module: "contracts",
        may_use: &["soap", "store", "config", "domain"],
        because: "the published contracts are there before anybody uses them",
    },
    Layer {
        module: "tls",
        may_use: &["net", "pki", "config", "domain"],
        because: "a handshake is over before anybody knows what will be said",
    },
    Layer {
        module: "catalogue",
        may_use: &["contracts", "soap", "store", "config", "domain"],
        because: "it answers where a call goes without knowing who asks",
    },
    Layer {
        module: "index",
        may_use: &["contracts", "soap", "store", "config", "domain"],
        because: "it meets its subscribers through a trait, wired in app",
    },
    Layer {
        module: "hub",
        may_use: &["catalogue", "contracts", "tls", "soap", "net", "config", "domain"],
        because: "it cannot tell the parts of this process from remote systems: they are soap::Responder, wired in app",
    },
    Layer {
        module: "aggregation",
        may_use: &["catalogue", "contracts", "soap", "net", "config", "domain"],
        because: "it asks index and sources through the hub, by soap::Responder, wired in app",
    },
    Layer {
        module: "producers",
        may_use: &["index", "contracts", "tls", "store", "soap", "net", "pki", "config", "domain"],
        because: "a mocked producer knows nothing of who calls it",
    },
    Layer {
        module: "connection",
        may_use: &["catalogue", "index", "contracts", "store", "config", "domain"],
        because: "evidence is handed to it; it does not go and look at messages",
    },
    Layer {
        module: "admin",
        may_use: &[
            "hub",
            "aggregation",
            "producers",
            "connection",
            "catalogue",
            "index",
            "contracts",
            "tls",
            "soap",
            "net",
            "store",
            "config",
            "domain",
        ],
        because: "it shows and changes the platform through the same public functions as everyone else",
    },
    Layer {
        module: "qa",
        may_use: &["contracts", "store", "soap", "config", "domain"],
        because: "it reaches the platform only over HTTP, as it reaches anybody's system",
    },
    Layer {
        module: "app",
        may_use: &[
            "admin",
            "qa",
            "hub",
            "aggregation",
            "producers",
            "connection",
            "catalogue",
            "index",
            "contracts",
            "tls",
            "pki",
            "soap",
            "net",
            "store",
            "config",
            "domain",
        ],
        because: "it wires everybody and is used by the command line alone",
    },
    Layer {
        module: "cli",
        // The one step sideways: `serve` starts the platform that app builds.
        may_use: &[
            "app",
            "admin",
            "qa",
            "hub",
            "aggregation",
            "producers",
            "connection",
            "catalogue",
            "index",
            "contracts",
            "tls",
            "pki",
            "soap",
            "net",
            "store",
            "config",
            "domain",
        ],
        because: "it turns arguments into a running platform or a finished command",
    },
];

/// Files that may use one module more, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// What only some places may do.
struct Reserved {
    words: &'static [&'static str],
    /// Files and folders in which the words may stand.
    places: &'static [&'static str],
    because: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        words: &["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now", "OffsetDateTime::now"],
        places: &["domain/clock.rs"],
        because: "time comes from domain::clock, so that a test can set it",
    },
    Reserved {
        words: &["env::var(", "env::vars(", "env::var_os(", "env::vars_os("],
        places: &["config/"],
        because: "the process environment is read in config and handed down",
    },
    Reserved {
        words: &["println!", "eprintln!", "print!(", "eprint!("],
        places: &["cli/"],
        because: "only commands talk to a terminal",
    },
    Reserved {
        words: &["dbg!(", "todo!(", "unimplemented!("],
        places: &[],
        because: "nothing unfinished is committed",
    },
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of the source, by its path below `src`.
fn files() -> Vec<(String, String)> {
    let mut folders = vec![source()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(source()).unwrap().to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The module a file belongs to: `hub` for `hub/log/ecs.rs`, `app` for `app.rs`.
fn module_of(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// Every line of code, comments left out, with its number.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(place, line)| (place + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The modules that a line names by way of `crate::`.
fn named(line: &str) -> BTreeSet<&str> {
    let mut modules = BTreeSet::new();
    for behind in line.split("crate::").skip(1) {
        let parts = match behind.strip_prefix('{') {
            Some(group) => group.split(',').collect(),
            None => vec![behind],
        };
        for part in parts {
            let part = part.trim_start();
            let end = part.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(part.len());
            if end > 0 {
                modules.insert(&part[..end]);
            }
        }
    }
    modules
}

/// What is wrong with the imports of one file.
fn complaints(file: &str, text: &str) -> Vec<String> {
    let module = module_of(file);
    let Some(layer) = LAYERS.iter().find(|layer| layer.module == module) else {
        return if matches!(module, "lib" | "main") {
            Vec::new()
        } else {
            vec![format!("src/{file}: {module} is in no layer; give it one in tests/it/architecture.rs")]
        };
    };
    let known = |name: &&&str| LAYERS.iter().any(|layer| layer.module == **name);
    let mut complaints = Vec::new();
    for (line, code) in code(text) {
        for used in named(code).iter().filter(known) {
            let excepted = EXCEPTIONS.iter().any(|(place, module, _)| *place == file && module == used);
            if *used != module && !layer.may_use.contains(used) && !excepted {
                complaints
                    .push(format!("src/{file}:{line}: {module} uses {used}, and may not, because {}", layer.because));
            }
        }
    }
    complaints
}

#[test]
fn imports_point_down() {
    let complaints: Vec<_> = files().iter().flat_map(|(file, text)| complaints(file, text)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    for (place, module, why) in EXCEPTIONS {
        let used = files()
            .iter()
            .any(|(file, text)| file == place && code(text).any(|(_, line)| named(line).contains(module)));
        assert!(used && !why.is_empty(), "src/{place} uses {module} no more: strike it from the exceptions");
    }
}

#[test]
fn what_one_place_does_no_other_does() {
    let mut complaints = Vec::new();
    for (file, text) in files() {
        for reserved in RESERVED {
            if reserved.places.iter().any(|place| file.starts_with(place)) {
                continue;
            }
            for (line, code) in code(&text) {
                for word in reserved.words.iter().filter(|word| code.contains(**word)) {
                    complaints.push(format!("src/{file}:{line}: {word}, and {}", reserved.because));
                }
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What answers FindContent, from the request's bytes to the answer's.
const INDEX_READS: &[&str] = &["index/memory/", "index/find.rs", "index/answer.rs", "index/request/"];

#[test]
fn reads_of_the_index_know_no_disk() {
    let mut seen = 0;
    for (file, text) in files() {
        if !INDEX_READS.iter().any(|place| file.starts_with(place)) || file.ends_with("tests.rs") {
            continue;
        }
        seen += 1;
        for (line, code) in code(&text) {
            let disk = ["crate::store", "std::fs", "tokio::fs", "commit::", "open::"]
                .iter()
                .find(|word| code.contains(**word));
            assert!(disk.is_none(), "src/{file}:{line}: {disk:?}, and a lookup never waits for the disk");
        }
    }
    assert!(seen > 8, "{seen} files");
}

#[test]
fn an_import_that_goes_up_or_sideways_is_seen() {
    let cases = [
        ("hub/mod.rs", "use crate::catalogue::Catalogue;", true),
        ("hub/mod.rs", "use crate::hub::log;", true),
        ("hub/mod.rs", "use crate::producers::mounted;", false),
        ("hub/mod.rs", "    let x = crate::admin::x();", false),
        ("hub/mod.rs", "// use crate::admin::x;", true),
        ("soap/fault.rs", "use crate::config::raw;", false),
        ("catalogue/mod.rs", "use crate::{domain, hub};", false),
        ("domain/clock.rs", "use crate::soap::fault;", false),
        ("admin/mod.rs", "use crate::hub::Hub;", true),
        ("admin/mod.rs", "use crate::qa::run;", false),
        ("cli/serve.rs", "use crate::app::Platform;", true),
        ("app.rs", "use crate::cli::run;", false),
        ("somewhere/mod.rs", "", false),
    ];
    for (file, line, allowed) in cases {
        assert_eq!(complaints(file, line).is_empty(), allowed, "{file}: {line}");
    }
}

/// Workspaces of their own build with lock files of their own, and CI with `--locked`: what we come to depend on stands there too.
#[test]
fn other_workspaces_lock_what_we_depend_on() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |file: &str| fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let wanted: BTreeSet<String> = manifest["dependencies"].as_table().unwrap().keys().cloned().collect();
    for file in ["fuzz/Cargo.lock", "benches/peers/Cargo.lock"] {
        let lock: toml::Table = text(file).parse().unwrap();
        let packages = lock["package"].as_array().unwrap();
        let locked = packages.iter().map(|package| package["name"].as_str().unwrap().to_owned()).collect();
        let missing: Vec<_> = wanted.difference(&locked).collect();
        assert!(missing.is_empty(), "{file} lacks {missing:?}: cargo metadata beside it brings it up to date");
    }
}
