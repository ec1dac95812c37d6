//! Where an answer comes from when no mapping gives one: the sources named in `answers` of `producer.toml`, in its order
//! (`producers.md` §1.1, §5, §6). A source is handed in from outside, so that mappings know nothing of records or schemas.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::asked::Asked;
use super::space::Mounted;
use super::spec::producer::Producer;

/// What kind of answer is wanted of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// What the source gives by itself.
    #[default]
    Usual,
    /// A named form of it: `max` of `schema:max`.
    Variant(String),
    /// No records at all, and a good result (`EmptyResponse`, `producers.md` §4).
    Empty,
    /// A logical error with this code, such as `INVALID_REQUEST`, where the contract has a result.
    Error(String),
}

/// A question to a source.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q, 'r> {
    /// Name of the system: its folder.
    pub system: &'q str,
    /// What its `producer.toml` says.
    pub producer: &'q Producer,
    /// The request.
    pub asked: &'q Asked<'r>,
    /// What the workspace of the call remembers, where it is not the default one.
    pub own: Option<&'q Mounted>,
    /// The kind of answer.
    pub wanted: &'q Wanted,
}

/// One source of answers, shared by all systems.
pub trait Source: fmt::Debug + Send + Sync {
    /// Its name in `answers`: `record` or `schema`.
    fn name(&self) -> &'static str;

    /// The whole HTTP answer; `None` where this source has nothing for the question, and the next one is asked. Called on
    /// the path of the request: it computes and does not wait.
    fn answer(&self, question: &Question<'_, '_>) -> Option<Response<Bytes>>;
}

/// A source as it is handed in.
pub type SharedSource = Arc<dyn Source>;
