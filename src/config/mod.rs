//! Text to settings: the environment's files, `anslut.toml`, the process environment and `--set`, resolved into
//! [`checked::Settings`] in which every value has its unit and nothing is optional by accident.

pub mod checked;
pub mod environment;
