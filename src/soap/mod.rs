//! Bytes to envelope and back: the XML reader, the scan of an envelope's head, character sets, faults, and the trait that every part of
//! the platform implements which answers SOAP calls. It knows nothing of routes, files or settings.

pub mod charset;
pub mod envelope;
pub mod fan_out;
pub mod fault;
pub mod responder;
pub mod xml;
