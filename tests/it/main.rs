//! Everything that is tested from outside the crate, a module per theme.

mod contracts;
