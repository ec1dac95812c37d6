//! One aggregated call, step by step, in the reference's order (`aggregation.md` §1.1).

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Method, Request, Response, StatusCode};

use super::ask::{self, Call, Outcome, Round, in_call_order};
use super::fault::Fault;
use super::find::{self, Engagement};
use super::merge::{self, Held};
use super::message_log::Told;
use super::request::Asked;
use super::select::{self, Rules, Selection};
use super::service::Lookup;
use super::status::{self, Failure};
use super::walk::in_utf8;
use super::{Aggregation, Wired, describe, headers, refuse};
use crate::domain::clock::Clock;
use crate::soap::fan_out::{self, Branch, FanOut};
use crate::soap::fault::SOAP_11;

/// Answers of so many bytes together are merged on a thread beside; it copies about a megabyte in 0.1 ms.
const MERGED_ASIDE_BYTES_MIN: usize = 4 << 20;

/// One call on its way.
struct Flow<'f> {
    aggregation: &'f Aggregation,
    wired: &'f Wired,
    incoming: &'f HeaderMap,
    began: Instant,
    /// What the caller's record will say.
    fan_out: FanOut,
}

impl Aggregation {
    /// Carries one call to a service. The answer tells, beside what the consumer sees, how it came about.
    pub(super) async fn carry(&self, wired: &Wired, request: Request<Bytes>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        let fan_out = FanOut { service: wired.service.name.clone(), ..FanOut::default() };
        let at = self.clock.now();
        let mut flow = Flow { aggregation: self, wired, incoming: &head.headers, began: Clock::instant(), fan_out };
        let mut response = match flow.carry(in_utf8(&head.headers, body)).await {
            Ok(response) => response,
            Err(fault) => {
                tracing::debug!(service = wired.service.name, fault = fault.text(), "an aggregated call failed");
                refuse(&fault, &head.headers)
            }
        };
        if let Some(log) = &self.message_log {
            log.tell(&Told {
                service: &wired.service,
                incoming: &head.headers,
                answer: &response,
                fan_out: &flow.fan_out,
                index: &self.index_uri,
                index_sender: &self.settings.index.sender_id,
                sources: &wired.uri,
                at,
                took: flow.elapsed(),
            });
        }
        response.extensions_mut().insert(Arc::new(flow.fan_out));
        response
    }
}

impl Flow<'_> {
    async fn carry(&mut self, message: Bytes) -> Result<Response<Bytes>, Fault> {
        let (aggregation, service) = (self.aggregation, &self.wired.service);
        self.check_soap_action()?;
        let asked = Asked::read(service, message)?;
        headers::check(self.incoming)?;
        if let Some(refused) = &asked.refused {
            return Err(refused.clone());
        }
        let _place = aggregation.calls.take(1).ok_or_else(|| too_busy(aggregation.calls.most(), "aggregated calls"))?;
        let engagements = match &service.lookup {
            Some(lookup) => Some(self.find(lookup, asked.patient.as_deref()).await?),
            None => None,
        };
        let mut selection = self.select(&asked, engagements)?;
        self.fan_out.passed_over = std::mem::take(&mut selection.passed_over);
        let beyond = selection.sources.split_off(selection.sources.len().min(aggregation.settings.limits.sources_max));
        let addresses: Vec<String> = selection.sources.iter().map(|source| source.address.clone()).collect();
        let outcomes = self.ask(&asked, selection).await?;
        let beyond: Vec<String> = beyond.into_iter().map(|source| source.address).collect();
        self.merge(addresses, outcomes, &beyond).await
    }

    fn check_soap_action(&self) -> Result<(), Fault> {
        if !self.aggregation.settings.validates_soap_action {
            return Ok(());
        }
        let given = headers::text(self.incoming, &headers::SOAP_ACTION);
        let given = given.trim().trim_matches('"');
        match given.is_empty() || given == self.wired.service.soap_action {
            true => Ok(()),
            false => Err(Fault::server(format!("The given SOAPAction {given} does not match an operation."))),
        }
    }

    /// Asks the index. Its fault is the consumer's.
    async fn find(&mut self, lookup: &Lookup, patient: Option<&str>) -> Result<Vec<Engagement>, Fault> {
        let aggregation = self.aggregation;
        let settings = &aggregation.settings;
        let begin = self.elapsed();
        let body = find::request(lookup, patient, &settings.index.logical_address, aggregation.clock.now());
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = aggregation.index_uri.clone();
        *request.headers_mut() = headers::to_index(settings, self.incoming);
        let patience = settings.index.receive_timeout;
        let answered = tokio::time::timeout(patience, aggregation.index.answer(request)).await;
        let uri = &aggregation.index_uri;
        let response = match answered {
            Err(_) => Err(ask::timed_out(patience, uri)),
            // Whoever carries the call has a patience of its own; on a machine that stood still, both may be over at once.
            Ok(Err(_)) if self.elapsed().saturating_sub(begin) >= patience => Err(ask::timed_out(patience, uri)),
            Ok(answered) => answered.map_err(|error| ask::transport(error, uri)),
        };
        let mut bytes = 0;
        let found = response.and_then(|response| {
            let (head, body) = response.into_parts();
            bytes = body.len();
            Ok((
                head.status,
                in_utf8(&head.headers, ask::unpacked(&head.headers, body, settings.limits.answer_bytes_max)?),
            ))
        });
        let found = match found {
            Err(failure) => Err(Fault::server(failure.text)),
            Ok((status, body)) => read_found(status, &body, uri),
        };
        let outcome = match &found {
            Ok(_) => fan_out::Outcome::Answered,
            Err(fault) => fan_out::Outcome::Failed { code: String::new(), text: fault.text().to_owned() },
        };
        self.fan_out.lookup = Some(Branch {
            address: settings.index.logical_address.clone(),
            begin,
            end: self.elapsed(),
            outcome,
            items: found.as_ref().map_or(0, Vec::len),
            bytes,
            record: None,
        });
        found
    }

    fn select(&self, asked: &Asked, engagements: Option<Vec<Engagement>>) -> Result<Selection, Fault> {
        let aggregation = self.aggregation;
        let (sender, original) = (
            headers::text(self.incoming, &headers::SENDER_ID),
            headers::text(self.incoming, &headers::ORIGINAL_CONSUMER),
        );
        let catalogue = aggregation.catalogue.snapshot();
        let rules = Rules {
            own_address: &aggregation.settings.own_address,
            catalogue: &catalogue,
            callers: [&sender, &original],
            now: aggregation.clock.now(),
        };
        match engagements {
            Some(engagements) => select::select(&self.wired.service, asked, engagements, &rules)
                .map_err(|error| Fault::server(error.to_string())),
            None => Ok(select::everybody(&self.wired.service, &rules)),
        }
    }

    /// Asks the sources, all at once.
    async fn ask(&mut self, asked: &Asked, selection: Selection) -> Result<Vec<Option<Outcome>>, Fault> {
        let Self { aggregation, wired, .. } = *self;
        let forwarded = asked.envelope();
        let places = &aggregation.source_calls;
        let calls: Option<Vec<Call>> = selection
            .sources
            .iter()
            .map(|source| {
                let message = forwarded.to(&source.address, source.body.as_deref());
                Some(Call { address: source.address.clone(), message, place: places.take(1)? })
            })
            .collect();
        let calls = calls.ok_or_else(|| too_busy(places.most(), "calls to sources"))?;
        let round = Round {
            service: Arc::clone(&wired.service),
            responder: Arc::clone(&wired.sources),
            uri: wired.uri.clone(),
            headers: headers::to_source(&aggregation.settings, self.incoming, &wired.service.soap_action),
            checker: describe::checker(&aggregation.contracts, &wired.service),
            watched: describe::watched(
                &aggregation.contracts,
                aggregation.validation_log.as_ref(),
                &wired.service,
                headers::text(self.incoming, &headers::CORRELATION_ID),
            ),
            answer_bytes_max: aggregation.settings.limits.answer_bytes_max,
            held: aggregation.held.clone(),
            readers: Arc::clone(&aggregation.readers),
        };
        let begin = self.elapsed();
        let outcomes = ask::all(round, calls).await;
        self.fan_out.waited = Some((begin, self.elapsed()));
        Ok(outcomes)
    }

    /// Sets the answers side by side, under the status of every source.
    async fn merge(
        &mut self,
        addresses: Vec<String>,
        outcomes: Vec<Option<Outcome>>,
        beyond: &[String],
    ) -> Result<Response<Bytes>, Fault> {
        let aggregation = self.aggregation;
        let unknown = Failure::unknown();
        let most = aggregation.settings.limits.sources_max;
        let too_many = Failure::other(format!("more than {most} sources; this one was not asked"));
        let mut entries: Vec<(&str, Option<Failure>)> = Vec::with_capacity(addresses.len() + beyond.len());
        let mut answers = Vec::with_capacity(addresses.len());
        let mut first = None;
        let now = self.elapsed();
        for (address, outcome) in in_call_order(&addresses, outcomes) {
            self.fan_out.sources.push(branch(address, outcome.as_ref(), self.began, now, &unknown));
            match outcome.map(|outcome| outcome.answer) {
                None => entries.push((address, Some(unknown.clone()))),
                Some(Err(failure)) => entries.push((address, Some(failure))),
                Some(Ok(answer)) => {
                    first.get_or_insert_with(|| answer.headers.clone());
                    entries.push((address, None));
                    answers.push(answer);
                }
            }
        }
        entries.extend(beyond.iter().map(|address| (address.as_str(), Some(too_many.clone()))));
        let mut out = format!("<soap:Envelope xmlns:soap=\"{SOAP_11}\"><soap:Header>").into_bytes();
        let shown = entries.iter().map(|(address, failure)| (*address, failure.as_ref()));
        status::write(shown, aggregation.clock.now(), &mut out);
        out.extend_from_slice(b"</soap:Header><soap:Body>");
        let (held, places): (Vec<Held>, Vec<_>) = answers.into_iter().map(|answer| (answer.held, answer.place)).unzip();
        let (service, bytes) = (Arc::clone(&self.wired.service), held.iter().map(Held::bytes).sum());
        let write = move || {
            merge::write(&service, held, &mut out);
            drop(places);
            out.extend_from_slice(b"</soap:Body></soap:Envelope>");
            out
        };
        let out = match bytes {
            0..MERGED_ASIDE_BYTES_MIN => write(),
            _ => ask::aside(&aggregation.readers, write).await.map_err(|failure| Fault::server(failure.text))?,
        };
        let mut response = Response::new(Bytes::from(out));
        *response.headers_mut() = headers::of_answer(&aggregation.settings, self.incoming, first.as_ref());
        Ok(response)
    }

    fn elapsed(&self) -> Duration {
        Clock::instant().saturating_duration_since(self.began)
    }
}

fn read_found(status: StatusCode, body: &Bytes, uri: &http::Uri) -> Result<Vec<Engagement>, Fault> {
    let found = find::read(body);
    let is_passed = matches!(found, Err(Fault::Passed(_)));
    if status.is_success() || is_passed {
        return found;
    }
    let reason = status.canonical_reason().unwrap_or_default();
    Err(Fault::server(format!("HTTP response '{}: {reason}' when communicating with {uri}", status.as_u16())))
}

/// A call as the caller's record tells of it.
fn branch(address: &str, outcome: Option<&Outcome>, began: Instant, now: Duration, unknown: &Failure) -> Branch {
    let since = |at: Instant| at.saturating_duration_since(began);
    let failed = |failure: &Failure| fan_out::Outcome::Failed {
        code: failure.code.as_str().to_owned(),
        text: failure.text.clone(),
    };
    let Some(outcome) = outcome else {
        return Branch { address: address.to_owned(), end: now, outcome: failed(unknown), ..Branch::default() };
    };
    Branch {
        address: address.to_owned(),
        begin: since(outcome.times.0),
        end: since(outcome.times.1),
        outcome: outcome.answer.as_ref().map_or_else(failed, |_| fan_out::Outcome::Answered),
        items: outcome.answer.as_ref().map_or(0, |answer| answer.held.records()),
        bytes: outcome.bytes,
        record: outcome.record,
    }
}

/// More is in flight than may be; the reference's dispatcher words it so.
fn too_busy(most: usize, what: &str) -> Fault {
    Fault::server(format!("Task rejected from the dispatcher: {most} {what} are in flight, which is the most allowed"))
}
