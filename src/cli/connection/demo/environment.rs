//! The environment of the demo: two platforms that know the index and nobody else, and the customer's system.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The settings.
const SETTINGS: &str = r#"[listen]
index_update = "off"
index_find = "off"
aggregation = "off"
producers = ":0"
admin = ":0"

[log]
messages = "off"

[properties]
"ei.hsa.id" = "5565594230"
"update.collect.threshold" = "0"

[[platform]]
name = "NTJP-QA"
role = "qa"
instance_id = "SE-QA"
tak = "tak-qa"
[platform.listen]
hub_http = ":0"

[[platform]]
name = "NTJP-PROD"
role = "production"
instance_id = "SE-PROD"
tak = "tak-prod"
[platform.listen]
hub_http = ":0"
"#;

/// What each catalogue begins with: the index, and somebody who keeps it up to date.
const CATALOGUE: &str = r#"[[contract]]
namespace = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
description = "Uppdatering av engagemangsindex"

[[address]]
hsa_id = "5565594230"
description = "Inera"

[[component]]
hsa_id = "SE5565594230-EI"
description = "Engagemangsindex"

[[route]]
contract = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
address = "5565594230"
profile = "RIVTABP21"
url = "index:update"

[[permission]]
contract = "urn:riv:itintegration:engagementindex:UpdateResponder:1"
address = "5565594230"
consumer = "SE5565594230-EI"
"#;

/// The customer's system.
const PRODUCER: &str = "hsa_id = \"SE2321000016-S001\"\nname = \"Journalsystem i Region Exempel\"\n";

const HSA: &str = include_str!("../../../../fixtures/demo/hsa/region-exempel.xml");

/// Writes it below a folder; where it is.
pub(super) fn write(folder: &Path) -> io::Result<PathBuf> {
    let root = folder.join("environment");
    for (file, text) in [
        ("anslut.toml", SETTINGS),
        ("tak-qa/index.toml", CATALOGUE),
        ("tak-prod/index.toml", CATALOGUE),
        ("hsa/region-exempel.xml", HSA),
        ("producers/journal/producer.toml", PRODUCER),
    ] {
        let path = root.join(file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    Ok(root)
}
