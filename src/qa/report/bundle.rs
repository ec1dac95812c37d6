//! The bundle of evidence: everything of a run in one file that anybody can check (`qa.md` §8.5).

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::identities::{Finding, Known, find, redact};
use super::signature::{PublicKey, Signer};
use super::{declaration, environment, junit, page, repacked, zip};
use crate::qa::desk::deviation::Deviation;
use crate::qa::result::{RunDocument, Totals};
use crate::qa::suite::folder::hexadecimal;

/// The name of the manifest's form.
pub const SCHEMA: &str = "anslut.qa.bundle/1";
/// The list of everything else.
const MANIFEST: &str = "manifest.json";
/// Its signature, where somebody signed.
const SIGNATURE: &str = "manifest.sig";

/// What the bundle is made of.
pub struct Contents<'c> {
    /// The run.
    pub run: &'c RunDocument,
    /// Requests and answers by file name.
    pub messages: &'c BTreeMap<String, Vec<u8>>,
    /// Files of the suites, as imported.
    pub suite: Vec<(String, Vec<u8>)>,
    /// Deviations of the run or of its session.
    pub deviations: Vec<Deviation>,
}

/// What is done about identities that are not known test identities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identities {
    /// Their presence refuses the bundle.
    Refuse,
    /// They are replaced.
    Redact,
    /// They stay, for this reason, which the manifest carries.
    Accept(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    created: jiff::Timestamp,
    program: String,
    session: Option<String>,
    run: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    accepted: Option<String>,
    /// The key that signed, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    public_key: Option<String>,
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    path: String,
    bytes: usize,
    sha256: String,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Identities that may be somebody's, and where.
    #[error("{} places hold an identity that is not a known test identity", .0.len())]
    Identities(Vec<Finding>),
    /// It cannot be written.
    #[error("{0}")]
    Format(String),
}

/// A bundle, and its id: the hash of its manifest.
#[derive(Debug)]
pub struct Bundle {
    /// The file.
    pub bytes: Vec<u8>,
    /// In hexadecimal.
    pub id: String,
}

/// Makes the bundle, signed where there is a key. The same run gives the same bytes.
pub fn make(
    contents: &Contents<'_>,
    identities: &Identities,
    known: &Known,
    signer: Option<&Signer>,
) -> Result<Bundle, BundleError> {
    let mut files = files(contents)?;
    match identities {
        Identities::Redact => {
            for (_, bytes) in &mut files {
                *bytes = redact(bytes, known);
            }
        }
        Identities::Refuse => {
            let found: Vec<Finding> = files.iter().flat_map(|(path, bytes)| find(path, bytes, known)).collect();
            if !found.is_empty() {
                return Err(BundleError::Identities(found));
            }
        }
        Identities::Accept(_) => {}
    }
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        created: contents.run.finished,
        program: contents.run.program.clone(),
        session: contents.run.session.clone(),
        run: contents.run.id.clone(),
        accepted: if let Identities::Accept(reason) = identities { Some(reason.clone()) } else { None },
        public_key: signer.map(|signer| signer.public().as_str().to_owned()),
        files: files
            .iter()
            .map(|(path, bytes)| Entry {
                path: path.clone(),
                bytes: bytes.len(),
                sha256: hexadecimal(&Sha256::digest(bytes)),
            })
            .collect(),
    };
    let manifest = json(&manifest)?;
    let id = hexadecimal(&Sha256::digest(&manifest));
    if let Some(signer) = signer {
        let signature = signer.sign(&manifest).map_err(BundleError::Format)?;
        files.insert(0, (SIGNATURE.to_owned(), signature));
    }
    files.insert(0, (MANIFEST.to_owned(), manifest));
    let bytes = zip::write(&files).map_err(BundleError::Format)?;
    Ok(Bundle { bytes, id })
}

fn files(contents: &Contents<'_>) -> Result<Vec<(String, Vec<u8>)>, BundleError> {
    let run = contents.run;
    let material = page::Material { run, messages: contents.messages, deviations: &contents.deviations };
    let mut files = vec![
        ("run.json".to_owned(), json(run)?),
        ("junit.xml".to_owned(), junit::write(run, false).into_bytes()),
        ("report.sv.html".to_owned(), page::write(&material, page::Language::Swedish).into_bytes()),
        ("report.en.html".to_owned(), page::write(&material, page::Language::English).into_bytes()),
        ("environment.json".to_owned(), json(&environment::of(run))?),
    ];
    let parameters: BTreeMap<&str, &BTreeMap<String, String>> =
        run.cases.iter().map(|case| (case.name.as_str(), &case.data)).collect();
    files.push(("params.json".to_owned(), json(&parameters)?));
    let declared = declaration::of(&[run]);
    files.push(("declaration.json".to_owned(), json(&declared)?));
    files.push(("declaration.md".to_owned(), declaration::markdown(&declared, page::Language::Swedish).into_bytes()));
    files.push(("declaration.html".to_owned(), page::declaration(&declared, page::Language::Swedish).into_bytes()));
    files.push(("deviations.json".to_owned(), json(&contents.deviations)?));
    for (path, bytes) in &contents.suite {
        files.push((format!("suite/{path}"), bytes.clone()));
    }
    files.extend(contents.messages.iter().map(|(path, bytes)| (path.clone(), bytes.clone())));
    Ok(files)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, BundleError> {
    serde_json::to_vec_pretty(value).map_err(|error| BundleError::Format(error.to_string()))
}

/// A bundle that is as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The hash of its manifest, in hexadecimal.
    pub id: String,
    /// The key that signed it, where one did.
    pub signed_by: Option<PublicKey>,
}

/// Checks a bundle by itself; what it is, or everything that differs. With a key, it must be signed by that.
pub fn verify(bytes: &[u8], key: Option<&PublicKey>) -> Result<Whole, Vec<String>> {
    // What was packed again by another tool is read too, so that what differs is named.
    let (entries, repacked) = match zip::read(bytes) {
        Ok(entries) => (entries.into_iter().map(|(name, bytes)| (name, Cow::Borrowed(bytes))).collect(), None),
        Err(why) => match repacked::read(bytes) {
            Ok(entries) => {
                let owned = entries.into_iter().map(|(name, bytes)| (name, Cow::Owned(bytes)));
                (owned.collect::<Vec<(String, Cow<'_, [u8]>)>>(), Some(why))
            }
            Err(_) => return Err(vec![why]),
        },
    };
    let content = |path: &str| entries.iter().find(|(known, _)| known == path).map(|(_, bytes)| bytes.as_ref());
    let Some(manifest_bytes) = content(MANIFEST) else {
        return Err(vec!["manifest.json is missing".to_owned()]);
    };
    let manifest: Manifest =
        serde_json::from_slice(manifest_bytes).map_err(|error| vec![format!("manifest.json: {error}")])?;
    let mut wrong = Vec::new();
    for file in &manifest.files {
        match content(&file.path) {
            None => wrong.push(format!("{} is missing", file.path)),
            Some(bytes) if bytes.len() != file.bytes || hexadecimal(&Sha256::digest(bytes)) != file.sha256 => {
                wrong.push(format!("{} has been changed", file.path));
            }
            Some(_) => {}
        }
    }
    for (path, _) in &entries {
        let is_own = path == MANIFEST || (path == SIGNATURE && (manifest.public_key.is_some() || key.is_some()));
        if !is_own && !manifest.files.iter().any(|file| file.path == *path) {
            wrong.push(format!("{path} does not belong to the bundle"));
        }
    }
    let signed_by = manifest.public_key.as_deref().map(PublicKey::named);
    wrong.extend(unsigned(signed_by.as_ref(), key, manifest_bytes, content(SIGNATURE)));
    match content("run.json").map(serde_json::from_slice::<RunDocument>) {
        Some(Ok(run)) if run.totals != Totals::of(&run.cases) => {
            wrong.push("run.json: its totals are not those of its cases".to_owned());
        }
        Some(Ok(_)) => {}
        Some(Err(error)) => wrong.push(format!("run.json: {error}")),
        None => {}
    }
    if let Some(why) = repacked.filter(|_| wrong.is_empty()) {
        wrong.push(why);
    }
    if wrong.is_empty() {
        Ok(Whole { id: hexadecimal(&Sha256::digest(manifest_bytes)), signed_by })
    } else {
        Err(wrong)
    }
}

/// Why the signature is not what it should be: there, where the manifest names its key or one is demanded, and that key's.
fn unsigned(
    named: Option<&PublicKey>,
    demanded: Option<&PublicKey>,
    manifest: &[u8],
    signature: Option<&[u8]>,
) -> Option<String> {
    let key = demanded.or(named)?;
    match signature {
        None => Some(format!("{SIGNATURE} is missing")),
        Some(_) if named.is_some_and(|named| named != key) => {
            Some(format!("{MANIFEST} names another key than {}", key.as_str()))
        }
        Some(signature) if !key.has_signed(manifest, signature) => {
            Some(format!("{SIGNATURE} is not the signature of {MANIFEST} by {}", key.as_str()))
        }
        Some(_) => None,
    }
}
