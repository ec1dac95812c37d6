//! What the files of a system say, read into what the system does. A stub whose meaning cannot be honoured is never
//! half-honoured: it is inactive, and the reason stands in the list of problems (`producers.md` §2.1).

pub mod json;
pub mod mapping;
pub mod producer;
pub mod request;
pub mod response;
pub mod rule;
#[cfg(test)]
mod tests;
pub mod value;
