//! What must hold of any input, whoever makes it up: the functions that both the fuzz targets and `cargo test` drive.
//!
//! The fuzz package takes this folder as its library; the integration tests include it as a module.

mod envelope;
mod message;
mod package;
mod profile;
mod request;
mod schema;

/// One reader of other people's bytes, and what is asked of it.
pub struct Check {
    /// The name of its fuzz target.
    pub name: &'static str,
    /// Panics on an input that breaks a promise.
    pub check: fn(&[u8]),
    /// Inputs that reach deep, to begin from.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Pieces that mean something to the reader.
    pub pieces: &'static [&'static str],
}

/// The scan of an envelope's head.
pub const ENVELOPE: Check =
    Check { name: "envelope", check: envelope::check, seeds: message::envelopes, pieces: message::PIECES };
/// The conversion between profiles.
pub const PROFILE: Check =
    Check { name: "profile", check: profile::check, seeds: message::envelopes, pieces: message::PIECES };
/// Character sets and attachments of a request.
pub const REQUEST: Check =
    Check { name: "request", check: request::check, seeds: request::seeds, pieces: request::PIECES };
/// The validator.
pub const MESSAGE: Check =
    Check { name: "message", check: message::check, seeds: message::seeds, pieces: message::PIECES };
/// The schema compiler.
pub const SCHEMA: Check = Check { name: "schema", check: schema::check, seeds: schema::seeds, pieces: schema::PIECES };
/// The reader of published zips.
pub const PACKAGE: Check =
    Check { name: "package", check: package::check, seeds: package::seeds, pieces: package::PIECES };

/// Every check there is.
pub const ALL: &[Check] = &[ENVELOPE, PROFILE, REQUEST, MESSAGE, SCHEMA, PACKAGE];

impl Check {
    /// Writes the inputs to begin from, and the dictionary, where `SEEDS` and `DICTIONARY` say; run as a fuzz target starts.
    pub fn sow(&self) {
        if let Some(folder) = std::env::var_os("SEEDS") {
            let folder = std::path::PathBuf::from(folder);
            for (number, seed) in (self.seeds)().into_iter().enumerate() {
                let file = folder.join(format!("seed-{number:03}"));
                std::fs::write(&file, seed).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            }
        }
        if let Some(file) = std::env::var_os("DICTIONARY") {
            let line = |piece: &&str| {
                let bytes = piece.bytes().map(|byte| match byte {
                    b'"' | b'\\' | 0..=0x1f | 0x7f.. => format!("\\x{byte:02x}"),
                    byte => char::from(byte).to_string(),
                });
                format!("\"{}\"\n", bytes.collect::<String>())
            };
            let text: String = self.pieces.iter().map(line).collect();
            std::fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
}
