//! The road of one call, stage by stage. Everything that decides stands in the stages' own folders; this file is their order.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::answer::failure::Failure;
use super::answer::reply::{self, Verdict};
use super::authorise::{AuthoriseError, Permit, authorise};
use super::call::address::{self, Address, Target};
use super::call::{Outbound, in_profile, timeout_of};
use super::exchange::{CallRecord, Event, Exchange, Listener, Stage};
use super::identify::original_consumer::{self, Approval};
use super::identify::{ORIGINAL_CONSUMER, Sender, identify, identify_certificate, identify_part};
use super::listen::Arrived;
use super::read::{Read, read};
use super::route::search::is_old_style;
use super::route::{RouteError, route};
use super::validate::Judging;
use super::{Hub, call, query_of};
use crate::catalogue::snapshot::Snapshot;
use crate::contracts::contract::Direction;
use crate::domain::profile::Profile;
use crate::soap::charset::Charset;
use crate::soap::xml::reader;

/// How the road ends.
pub(super) enum Ending {
    /// With a producer's answer.
    Answered(Response<Bytes>),
    /// Somewhere before.
    Failed {
        /// Where and why.
        failure: Failure,
        /// The character set to tell the consumer in; UTF-8 until the message has been converted.
        charset: Option<Charset>,
    },
}

/// A call that may be made.
struct Prepared {
    outbound: Outbound,
    permit: Permit,
    /// The character set to answer in, where it is not UTF-8.
    charset: Option<Charset>,
    /// Set where the messages are held against their contract.
    judging: Option<Judging>,
}

/// What routing and authorisation decided.
struct Decided {
    address: Address,
    route_profile: Arc<str>,
    permit: Permit,
}

impl Hub {
    /// Walks the stages in order.
    pub(super) async fn carry(&self, exchange: &mut Exchange, arrived: Arrived) -> Ending {
        let prepared = match self.prepare(exchange, &arrived) {
            Ok(prepared) => prepared,
            Err(failure) => return Ending::Failed { failure, charset: None },
        };
        match self.call(exchange, &prepared).await {
            Ok(answer) => Ending::Answered(answer),
            Err(failure) => Ending::Failed { failure, charset: prepared.charset },
        }
    }

    /// Everything that happens before the producer is called: no waiting, no input or output.
    fn prepare(&self, exchange: &mut Exchange, arrived: &Arrived) -> Result<Prepared, Failure> {
        let begin = exchange.passed_listen();
        let (sender, begin) = self.identify(exchange, arrived, begin)?;
        let (read, begin) = self.read(exchange, arrived, &sender, begin)?;
        self.event(exchange, Event::ReqIn);
        let snapshot = self.catalogue.snapshot();
        let decided = self.decide(exchange, &snapshot, query_of(&arrived.uri), begin)?;
        let patience = timeout_of(&self.settings.hub, read.contract.as_deref());
        let judging = self.judging(&exchange.record, &read, &arrived.headers);
        let body = outgoing_body(&read, &decided.route_profile)?;
        let charset = read.foreign.as_ref().map(|foreign| foreign.charset);
        exchange.record.profile_out = Some(decided.route_profile);
        let headers = call::headers::outgoing(
            &self.settings.hub,
            &arrived.headers,
            query_of(&arrived.uri),
            &exchange.record,
            sender.history.as_deref(),
            &decided.address,
        );
        let Address { tls, target, path, .. } = decided.address;
        let method = arrived.method.clone();
        let again = true;
        let outbound = Outbound { target, tls, method, path, headers, body, patience, again };
        Ok(Prepared { outbound, permit: decided.permit, charset, judging })
    }

    fn identify(
        &self,
        exchange: &mut Exchange,
        arrived: &Arrived,
        begin: std::time::Duration,
    ) -> Result<(Sender, std::time::Duration), Failure> {
        let sender = match arrived.listener {
            Listener::Http => identify(&self.settings.hub, &arrived.headers, arrived.peer.ip())?,
            Listener::Https => {
                let subject = arrived.handshake.as_ref().map(|handshake| &*handshake.subject);
                identify_certificate(&self.settings.hub, subject)?
            }
            Listener::InProcess | Listener::Aggregation => identify_part(&self.settings.hub, &arrived.headers)?,
        };
        exchange.record.sender = Some(sender.id.clone());
        exchange.record.identified_by = Some(sender.by);
        Ok((sender, exchange.passed(Stage::Identify, begin)))
    }

    fn read(
        &self,
        exchange: &mut Exchange,
        arrived: &Arrived,
        sender: &Sender,
        begin: std::time::Duration,
    ) -> Result<(Read, std::time::Duration), Failure> {
        let settings = &self.settings.hub;
        let read = read(&arrived.headers, arrived.body.clone())?;
        let record = &mut exchange.record;
        record.receiver.clone_from(&read.receiver);
        record.contract.clone_from(&read.contract);
        record.operation.clone_from(&read.operation);
        record.profile_in = read.profile;
        record.charset = read.foreign.as_ref().map(|foreign| foreign.charset.label().to_owned());
        if original_consumer::check(settings, &arrived.headers, &sender.id)? == Approval::Tolerated {
            tracing::warn!(sender = sender.id, header = %ORIGINAL_CONSUMER, "sender is not on sender.id.allowed.list");
        }
        let given = record.original_consumer_in.clone().filter(|given| !given.is_empty());
        record.original_consumer = Some(given.unwrap_or_else(|| sender.id.clone()));
        Ok((read, exchange.passed(Stage::Read, begin)))
    }

    /// Routing, then authorisation, on one and the same snapshot.
    fn decide(
        &self,
        exchange: &mut Exchange,
        snapshot: &Snapshot,
        query: Option<&str>,
        begin: std::time::Duration,
    ) -> Result<Decided, Failure> {
        let (rules, now) = (&self.settings.lookup, self.clock.now());
        let record = &mut exchange.record;
        let contract = record.contract.as_deref().unwrap_or_default();
        let Some(receiver) = record.receiver.as_deref() else {
            return Err(if snapshot.tak_status().initialised {
                Failure::NoReceiver
            } else {
                RouteError::NoContact.into()
            });
        };
        let (route, trace) = route(snapshot, rules, contract, receiver, now);
        record.route_trace = Some(trace);
        let asks_exceptions = !rules.route_climb.excepted.is_empty() && !is_old_style(rules, receiver);
        let route = match route {
            // The reference looks for the contract among the exceptions, and falls over there being none.
            Err(RouteError::None) if record.operation.is_none() && asks_exceptions => return Err(Failure::NoContract),
            route => route?,
        };
        record.producer_address = Some(Arc::clone(&route.url));
        let address = address::parse(&route.url, query)?;
        record.destination = Some(match &address.target {
            Target::Remote { host, port } => (host.clone(), *port),
            Target::Local { name, .. } => (name.clone(), 0),
        });
        let route_profile = Arc::clone(&route.profile);
        let begin = exchange.passed(Stage::Route, begin);
        let record = &mut exchange.record;
        let contract = record.contract.as_deref().unwrap_or_default();
        let receiver = record.receiver.as_deref().unwrap_or_default();
        let sender = record.sender.as_deref().unwrap_or_default();
        let (permit, trace) = authorise(snapshot, rules, contract, receiver, sender, now);
        record.permission_trace = Some(trace);
        let permit = permit.map_err(|error: AuthoriseError| Failure::from(error))?;
        exchange.passed(Stage::Authorise, begin);
        Ok(Decided { address, route_profile, permit })
    }

    /// The producer is called, and its answer made the consumer's.
    async fn call(&self, exchange: &mut Exchange, prepared: &Prepared) -> Result<Response<Bytes>, Failure> {
        let Prepared { outbound, permit, charset, judging } = prepared;
        // Judged before anybody else sees it, or else while the producer works.
        let (strict, lenient) = match judging {
            Some(judging) if judging.is_strict => (Some(judging), None),
            judging => (None, judging.as_ref()),
        };
        if let Some(judging) = strict {
            let report = self.judge_request(judging).await;
            exchange.record.judged.push(Arc::clone(&report));
            judging.refused(Direction::Request, &report)?;
        }
        exchange.record.sent = Some(self.message(0, &outbound.headers, &outbound.body));
        self.event(exchange, Event::ReqOut);
        // From here on the call waits; what it has come to is to be read meanwhile.
        self.log.pass_on(&mut exchange.logged);
        let begin = exchange.elapsed();
        let CallRecord { attempts, judged, .. } = &mut exchange.record;
        let calling = self.caller.call(&self.settings.hub, permit, outbound, attempts);
        let outcome = match lenient {
            None => calling.await,
            Some(judging) => {
                let (outcome, report) = tokio::join!(biased; calling, self.judge_request(judging));
                judged.push(report);
                outcome
            }
        };
        let producer_time = exchange.elapsed().saturating_sub(begin);
        exchange.record.producer_time = Some(producer_time);
        let reply = outcome?;
        let record = &mut exchange.record;
        record.received = Some(self.message(reply.status.as_u16(), &reply.headers, &reply.body));
        record.fan_out.clone_from(&reply.fan_out);
        let verdict = reply::judge(&reply, record.producer_address.as_deref().unwrap_or_default());
        match &verdict {
            Ok(Verdict::Success) | Err(call::CallError::Empty(_)) => self.event(exchange, Event::RespIn),
            Ok(Verdict::PassedFault) => {
                record.producer_fault = Some(crate::soap::fault::read(&reply.body));
                self.event(exchange, Event::Error);
            }
            Err(_) => {}
        }
        let is_fault = verdict? == Verdict::PassedFault;
        exchange.passed(Stage::Call, begin);
        if let Some(judging) = judging.as_ref().filter(|_| !is_fault) {
            let report = self.judge_answer(judging, &reply.headers, &reply.body).await;
            exchange.record.judged.push(Arc::clone(&report));
            judging.refused(Direction::Response, &report)?;
        }
        let correlation_id = &exchange.record.correlation_id;
        Ok(reply::passed_on(&self.settings.hub, reply, producer_time, correlation_id, charset.as_ref()))
    }
}

/// The message as the producer gets it: in UTF-8, in the producer's profile, and otherwise untouched.
fn outgoing_body(read: &Read, route_profile: &str) -> Result<Bytes, Failure> {
    let in_utf8 = read.foreign.as_ref().map_or(&read.body, |foreign| &foreign.in_utf8);
    // A receiver was found, so an address element was, and with it a profile.
    let from = read.profile.unwrap_or(Profile::Rivtabp21);
    if let Some(converted) = in_profile(in_utf8, from, route_profile)? {
        return Ok(converted);
    }
    if read.foreign.is_some() {
        reader::check(in_utf8).map_err(Failure::Conversion)?;
    }
    Ok(in_utf8.clone())
}
