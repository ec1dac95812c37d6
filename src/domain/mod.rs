//! The words we all use: identifiers, VP codes, profiles, time, and the form of identity numbers.
//!
//! Nothing here does input or output, and nothing here knows any other module.

pub mod clock;
pub mod identifiers;
pub mod identity_number;
pub mod problem;
pub mod profile;
pub mod subscriber;
pub mod vp_code;
