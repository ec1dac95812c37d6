//! Looking into a running index, for operators and the command line: what it holds and costs, a person's engagements,
//! and all of them, piece by piece. On the listener `index_update`, beside the reference's management paths.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::bulk::inspect::{self, Stat};
use super::bulk::line;
use super::memory::SHARDS;
use super::open::Index;
use super::service::plain;
use crate::soap::responder::TransportFault;

/// What the index holds and costs.
pub const STAT: &str = "/skltp-ei/stat";
/// Engagements as lines of JSON: POST with a [`Question`].
pub const ENGAGEMENTS: &str = "/skltp-ei/engagements";

/// What [`STAT`] answers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OwnStat {
    /// What Updates are addressed to.
    own_id: String,
    #[serde(flatten)]
    stat: Stat,
}

/// Which engagements are asked for. It travels in the body, because identity numbers have no place in a URL.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase", deny_unknown_fields, untagged)]
pub enum Question {
    /// A person's.
    #[serde(rename_all = "camelCase")]
    Resident {
        /// The person.
        registered_resident_identification: String,
        /// In this service domain; none = all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service_domain: Option<String>,
    },
    /// One piece of all of them: 0 up to, not including, [`SHARDS`].
    Piece {
        /// Its number.
        piece: usize,
    },
}

/// Answers both paths.
pub(super) async fn answer(index: Arc<Index>, request: Request<Bytes>) -> Result<Response<Bytes>, TransportFault> {
    if request.uri().path().trim_end_matches('/') == STAT {
        let own_id = index.settings().own_id.clone();
        let stat = blocking(move || inspect::stat(&index)).await?;
        let body = serde_json::to_string(&OwnStat { own_id, stat }).expect("numbers and texts always serialize");
        return Ok(plain(StatusCode::OK, "application/json", body));
    }
    let lines = match serde_json::from_slice(request.body()) {
        Err(error) => return Ok(refusal(format!("not a question: {error}\n"))),
        Ok(Question::Piece { piece }) if piece >= SHARDS => {
            return Ok(refusal(format!("piece is {piece}, expected 0 to {}\n", SHARDS - 1)));
        }
        Ok(Question::Piece { piece }) => blocking(move || self::piece(&index, piece)).await?,
        Ok(Question::Resident { registered_resident_identification: resident, service_domain }) => {
            inspect::find(index.memory(), &resident, service_domain.as_deref())
        }
    };
    let mut answer = plain(StatusCode::OK, "application/x-ndjson", String::new());
    *answer.body_mut() = lines.into();
    Ok(answer)
}

fn piece(index: &Index, piece: usize) -> Vec<u8> {
    let mut lines = Vec::new();
    index.memory().visit_shard(piece, &mut |row| line::write(row, &mut lines));
    lines
}

/// Counting and copying take long enough to be kept off the threads that answer calls.
async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Result<T, TransportFault> {
    // A panic has been reported by its own thread.
    tokio::task::spawn_blocking(act).await.map_err(|_| TransportFault::Closed)
}

fn refusal(text: String) -> Response<Bytes> {
    plain(StatusCode::BAD_REQUEST, "text/plain;charset=UTF-8", text)
}
