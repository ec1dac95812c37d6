//! The one table that turns any failure of a stage into what the consumer is told.

use crate::contracts::contract::Direction;
use crate::domain::vp_code::VpCode;
use crate::hub::answer::texts;
use crate::hub::authorise::AuthoriseError;
use crate::hub::call::address::AddressError;
use crate::hub::call::{CallError, ProfileError};
use crate::hub::exchange::{CallRecord, Refusal};
use crate::hub::identify::IdentifyError;
use crate::hub::identify::original_consumer::NotApproved;
use crate::hub::read::ReadError;
use crate::hub::route::RouteError;
use crate::hub::validate::NotValid;
use crate::soap::fault::Side;
use crate::soap::xml::error::XmlError;

/// Why a call ends without a producer's answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Nobody was identified.
    #[error(transparent)]
    Identify(#[from] IdentifyError),
    /// The message cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The sender may not name an original consumer.
    #[error(transparent)]
    OriginalConsumer(#[from] NotApproved),
    /// The message names no receiver.
    #[error("no logical address in the message")]
    NoReceiver,
    /// The message's body is empty, and the platform is configured to ask what its contract is called. The words are the
    /// reference's virtual machine's; what it calls the missing value is not specified.
    #[error("Cannot invoke \"String.startsWith(String)\" because \"serviceNamespace\" is null")]
    NoContract,
    /// Not exactly one route.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// The route's address is not a URI.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No permission.
    #[error(transparent)]
    Authorise(#[from] AuthoriseError),
    /// The message does not fit the producer's profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The message cannot be converted to UTF-8.
    #[error(transparent)]
    Conversion(XmlError),
    /// A message that does not follow its contract, where that ends the call.
    #[error(transparent)]
    NotValid(#[from] NotValid),
    /// The producer did not answer as it should.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Failure {
    /// Whether the producer answered well, but with nothing: the one fault that goes out without a content type.
    pub fn is_empty_answer(&self) -> bool {
        matches!(self, Self::Call(CallError::Empty(_)))
    }
}

/// What of a call stands in the details of its faults; empty where it is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Service contract namespace.
    pub contract: &'a str,
    /// Logical address.
    pub receiver: &'a str,
    /// HSA-id of the consumer.
    pub sender: &'a str,
    /// Address of the producer, as the catalogue has it.
    pub producer_address: &'a str,
    /// The call's span, by which it is found in the log.
    pub exchange: u64,
}

impl<'a> Facts<'a> {
    /// What a record knows; the reference writes `null` for what it does not.
    pub fn of(record: &'a CallRecord) -> Self {
        let known = |text: &'a Option<String>| text.as_deref().unwrap_or("null");
        Self {
            contract: known(&record.contract),
            receiver: known(&record.receiver),
            sender: known(&record.sender),
            producer_address: record.producer_address.as_deref().unwrap_or_default(),
            exchange: record.span,
        }
    }
}

/// What the consumer is told of a failure.
pub fn refusal(failure: &Failure, facts: &Facts<'_>, instance_name: &str) -> Refusal {
    let coded = |code: VpCode, detail: String| Refusal {
        code: Some(code),
        side: texts::side(code),
        text: texts::fault_string(code, instance_name),
        detail,
    };
    let raw = |class: &str, message: String| Refusal {
        code: None,
        side: Side::Server,
        detail: format!("{class}: {message}"),
        text: message,
    };
    let Facts { contract, receiver, sender, producer_address, exchange } = *facts;
    match failure {
        Failure::Identify(error @ IdentifyError::NotWhitelisted { .. }) => coded(VpCode::Vp011, error.to_string()),
        Failure::Identify(IdentifyError::Certificate(detail)) => coded(VpCode::Vp002, detail.clone()),
        Failure::Identify(IdentifyError::Loop) => coded(VpCode::Vp014, String::new()),
        Failure::Read(error) => coded(VpCode::Vp015, error.to_string()),
        Failure::OriginalConsumer(error) => coded(VpCode::Vp013, error.to_string()),
        Failure::Route(RouteError::NoContact) | Failure::Authorise(AuthoriseError::NoContact) => {
            coded(VpCode::Vp008, texts::NO_CONTACT.to_owned())
        }
        Failure::NoReceiver => coded(VpCode::Vp003, texts::NO_RECEIVER.to_owned()),
        Failure::Route(RouteError::None) => coded(VpCode::Vp004, texts::no_route(contract, receiver)),
        Failure::Route(RouteError::Several) => coded(VpCode::Vp006, texts::several_routes(contract, receiver)),
        Failure::Route(RouteError::NoUrl) => coded(VpCode::Vp010, texts::no_url(contract, receiver)),
        Failure::NoContract => raw("java.lang.NullPointerException", failure.to_string()),
        Failure::Address(error) => raw("java.net.URISyntaxException", error.to_string()),
        Failure::Authorise(AuthoriseError::Missing) => {
            coded(VpCode::Vp007, texts::not_authorised(contract, receiver, sender))
        }
        Failure::Profile(error @ ProfileError::NotSupported(_)) => coded(VpCode::Vp005, error.to_string()),
        Failure::Profile(ProfileError::Xml(error)) => coded(VpCode::Vp012, error.to_string()),
        Failure::Conversion(error) => raw("com.ctc.wstx.exc.WstxParsingException", error.to_string()),
        // No VP code: the reference never refuses a message for its content.
        Failure::NotValid(error) => Refusal {
            code: None,
            side: match error.direction {
                Direction::Request => Side::Client,
                Direction::Response => Side::Server,
            },
            text: error.text(),
            detail: error.detail(),
        },
        Failure::Call(error) => match call_detail(error, producer_address, exchange) {
            CallDetail::Coded(detail) => coded(VpCode::Vp009, detail),
            CallDetail::Raw(class, message) => raw(class, message),
        },
    }
}

enum CallDetail {
    Coded(String),
    Raw(&'static str, String),
}

fn call_detail(error: &CallError, address: &str, exchange: u64) -> CallDetail {
    let connecting = format!("Error connecting to service producer at address {address}.");
    let caught =
        || format!("{connecting} Exception Caught by Camel when contacting producer. Exception information: ({error})");
    match error {
        CallError::Connect(_)
        | CallError::Reset
        | CallError::Timeout
        | CallError::Tls(_)
        | CallError::Io(_)
        | CallError::Busy { .. } => CallDetail::Coded(caught()),
        CallError::Status { status, .. } => {
            CallDetail::Coded(format!("{}\nVP_PRODUCER_EXCEPTION_HTTP_STATUS={status}", caught()))
        }
        CallError::Empty(_) => CallDetail::Coded(format!("{connecting} {error}")),
        CallError::NoResponse(_) => {
            // The reference names its exchange; ours goes by the number it has in the log.
            let text = format!("{error}. Exchange[{exchange:016x}]");
            CallDetail::Raw("org.apache.camel.CamelExchangeException", text)
        }
        CallError::TooLarge(_) => {
            CallDetail::Raw("io.netty.handler.codec.http.TooLongHttpContentException", error.to_string())
        }
    }
}
