//! Mocked producer systems (*tjänsteproducenter*): they answer as a producer would, including badly.
//!
//! A system is a folder `producers/<system>/` (`producers.md` §1). [`mounted::Producers`] is all of them, read once and
//! then never changed, so listeners and hub share it without a lock. Read the folders in the order of a call:
//! [`asked`] reads the request, [`matcher`] says which stub it fits, [`behaviour`] turns the stub into an answer, a wait
//! or a fault, [`miss`] explains why nothing fitted, [`responder`] and [`serve`] deliver. What files say is read by
//! [`spec`]. What no stub fits is asked of the sources of [`source`]: [`records`] of patients, then the [`schema`]
//! of the contract. Scenarios and the request journal are not here yet; whoever asks for them is told so when the files
//! are loaded.

pub mod asked;
pub mod behaviour;
mod load;
pub mod matcher;
pub mod miss;
pub mod mounted;
pub mod records;
pub mod responder;
pub mod schema;
pub mod serve;
pub mod settings;
pub mod source;
pub mod spec;

#[cfg(test)]
mod tests;
