//! Telling subscribers of changes (`ei.md` §5): who they are, what each is told, and how it gets there.
//!
//! Queues are part of what the journal holds: a notification is there as soon as the change is, and leaves when it has
//! been delivered or given up. It may be delivered twice around a crash, never not at all.

pub mod queue;
pub mod subscription;
