//! Suites as published: SoapUI projects with their data files and rule files, read and never changed (`qa.md` §1).

pub mod data;
pub mod expansion;
pub mod folder;
pub mod project;
mod project_read;
mod steps_read;
#[cfg(test)]
mod tests;

/// Bytes one project file may have; the largest published is about four million.
pub const PROJECT_BYTES_MAX: u64 = 32 << 20;
