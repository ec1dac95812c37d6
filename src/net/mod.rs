//! What every listener does before it knows what is spoken on it: accept within bounds, watch for a client that takes
//! nothing or hangs up, drain; and read what a client sends that is refused. Which bounds, each listener names itself.

pub mod accept;
pub mod bind;
pub mod browser;
pub mod hang_up;
pub mod stall;
pub mod swallow;
