//! `proxy.record = true`: what a system forwards because no mapping matched becomes a mapping (`producers.md` §1.2, §9).
//! Each question is kept once; the next time, the mapping answers.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::recording::Spec;
use super::scrub::Scrubber;
use super::stub::{Exchange, check};
use crate::producers::added::Unmounted;
use crate::producers::asked::Asked;
use crate::producers::decide::short_name;
use crate::producers::settings::STUBS_MAX;
use crate::producers::system::System;

/// Says that the answer to a request is to be kept: an extension of the request that is forwarded.
#[derive(Clone, Copy, Debug)]
pub(in crate::producers) struct Keep;

/// What one system has kept. The key of its scrubber lasts as long as the process, so that the same question is known
/// again whoever it is about.
#[derive(Debug, Default)]
pub(in crate::producers) struct Keeper {
    scrubber: OnceLock<Scrubber>,
    /// The requests of the mappings that were made, with the ids of those: one that was taken out is made again.
    seen: Mutex<HashMap<String, String>>,
}

/// Answers that say "not now": another time there may be a better one.
const PASSING: [StatusCode; 5] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::TOO_MANY_REQUESTS,
    StatusCode::BAD_GATEWAY,
    StatusCode::SERVICE_UNAVAILABLE,
    StatusCode::GATEWAY_TIMEOUT,
];

impl System {
    /// Makes a mapping of an exchange and writes it to the system's folder; a note on what became of it.
    pub(super) async fn kept(&self, request: &Request<Bytes>, answer: &Response<Bytes>) -> String {
        match self.keep(request, answer) {
            Ok(None) => "recorded before".to_owned(),
            Ok(Some((below, text))) => match self.file_of(&below) {
                // An environment that is built in has nowhere to write to: the mapping lasts as long as the process.
                None => "recorded".to_owned(),
                Some(path) => {
                    let writing = tokio::task::spawn_blocking(move || crate::producers::added::write(&path, &text));
                    match writing.await {
                        Ok(Ok(())) => format!("recorded as {below}"),
                        Ok(Err(why)) => format!("recorded, and not saved: {why}"),
                        Err(why) => format!("recorded, and not saved: {why}"),
                    }
                }
            },
            Err(why) => {
                tracing::warn!(system = self.name(), why, "an answer was not recorded");
                format!("not recorded: {why}")
            }
        }
    }

    /// The mapping as file and text, once it serves; `None` where the question was kept before.
    fn keep(&self, request: &Request<Bytes>, answer: &Response<Bytes>) -> Result<Option<(String, Vec<u8>)>, String> {
        if PASSING.contains(&answer.status()) {
            return Err(format!("{} may pass", answer.status()));
        }
        let wiring = self.shared.wiring.load_full();
        let scrubber = self.keeper.scrubber.get_or_init(|| Scrubber::new(wiring.settings.scrub_hsa));
        let spec = Spec { persist: true, ..Spec::default() };
        let asked = Asked::read(self.name(), request, wiring.clock.now());
        let exchange = Exchange::of(&asked, answer);
        let id = Uuid::new_v4().to_string();
        let below = format!("mappings/recorded/{id}.json");
        let operation = asked.contract().map_or_else(|| request.uri().path().to_owned(), short_name);
        let stub = json!({
            "id": id,
            "name": scrubber.text(&format!("recorded {operation}")),
            "persistent": true,
            "request": exchange.request(scrubber, &spec),
            "response": exchange.response(scrubber, &spec),
        });
        check("", &stub).map_err(|left| format!("{below}: {left}"))?;
        let shared = self.shared.spaces.load().shared().system(self.name());
        // Held while it is mounted: of two who ask the same at once, one is recorded.
        let mut seen = self.keeper.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = digest(&stub["request"]);
        if seen.get(&digest).is_some_and(|known| shared.stubs().by_id(known).is_some()) {
            return Ok(None);
        }
        if seen.len() >= STUBS_MAX && !seen.contains_key(&digest) {
            return Err(format!("there are {STUBS_MAX} recorded mappings already"));
        }
        self.mount(&shared, &stub).map_err(|why| match why {
            Unmounted::Refused(problems) => problems.first().map_or_else(String::new, |one| one.message.clone()),
            Unmounted::TooMany(why) => why,
        })?;
        seen.insert(digest, id);
        Ok(Some((below, serde_json::to_vec_pretty(&stub).unwrap_or_default())))
    }
}

fn digest(request: &Value) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(request.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}
