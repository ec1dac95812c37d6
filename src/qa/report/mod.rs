//! What is made of a finished run: JUnit XML, a page, a bundle of evidence (`qa.md` §8).

pub mod bundle;
pub mod declaration;
pub mod identities;
pub mod junit;
pub mod page;
pub mod zip;
