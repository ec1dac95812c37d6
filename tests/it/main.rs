//! Integration tests: one binary, a module per theme.

mod index;
