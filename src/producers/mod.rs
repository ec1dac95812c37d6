//! Mocked producer systems (*tjänsteproducenter*): they answer as a producer would, including badly, and remember what
//! they were asked.
//!
//! A system is a folder `producers/<system>/` (`producers.md` §1). [`mounted::Producers`] is all of them, [`system`] is one; its files
//! are swapped whole when they change (`load`), and what is remembered lies apart, for each workspace, in [`space`] and
//! [`journal`]. Read the folders in the order of a call: [`asked`] reads the request, `decide` goes through the steps,
//! [`chaos`] may decide that something goes wrong, [`matcher`] says which stub it fits, [`behaviour`] turns the stub into
//! an answer, a wait or a fault, [`source`] is who answers where no stub does, [`machine`] what
//! a system keeps account of, [`miss`] explains why nothing fitted,
//! [`responder`], [`serve`] and, at addresses of a system's own, [`own`] and [`secure`] deliver. What files say is read by [`spec`]; [`api`] shows and changes all of it; [`record`]
//! makes mappings of another system's answers.

mod added;
pub mod api;
pub mod asked;
pub mod behaviour;
pub mod chaos;
mod decide;
mod describe;
pub mod file;
mod found;
pub mod identity;
pub mod journal;
pub mod json;
mod load;
pub mod machine;
pub mod matcher;
pub mod miss;
pub mod mounted;
mod named;
pub mod own;
pub mod project;
pub mod record;
pub mod records;
pub mod reply;
pub mod responder;
pub mod schema;
pub mod secure;
pub mod serve;
pub mod settings;
pub mod source;
pub mod space;
pub mod spec;
pub mod system;
pub mod xml;

#[cfg(test)]
mod tests;
