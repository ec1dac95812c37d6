//! XML 1.0 with namespaces, read as a stream of tokens that borrow from the input.
//!
//! A reader of our own, because an envelope is scanned on every call: it stops where the caller stops, checks everything
//! well-formedness asks of what it has passed, and words its errors as the reference platform's parser (Woodstox) does,
//! since those words are the detail of VP015 and VP012. Document types are skipped, never processed: no entity but the
//! five predefined ones exists.

pub mod error;
pub mod names;
pub mod reader;
pub mod text;
pub mod token;
