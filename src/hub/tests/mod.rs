//! Routing and authorisation together, over whole catalogues.

mod linear;
