//! The words of faults, exactly.

use super::failure::{Facts, Failure, refusal};
use crate::domain::profile::Profile;
use crate::domain::vp_code::VpCode;
use crate::hub::authorise::AuthoriseError;
use crate::hub::call::{CallError, ProfileError};
use crate::hub::route::RouteError;
use crate::soap::fault::Side;

const FACTS: Facts<'_> = Facts { contract: "c", receiver: "r", sender: "s", producer_address: "http://p", exchange: 7 };

#[test]
fn every_failure_has_its_code_and_its_detail() {
    let caught = "Error connecting to service producer at address http://p. Exception Caught by Camel when contacting \
                  producer. Exception information: ";
    let cases: [(Failure, Option<VpCode>, Side, String); 12] = [
        (RouteError::NoContact.into(), Some(VpCode::Vp008), Side::Server, super::texts::NO_CONTACT.into()),
        (Failure::NoReceiver, Some(VpCode::Vp003), Side::Client, "No receiverId (logical address) found in message header. ".into()),
        (
            RouteError::None.into(),
            Some(VpCode::Vp004),
            Side::Client,
            "No receiverId (logical address) found for serviceNamespace: c, receiverId: r".into(),
        ),
        (
            RouteError::Several.into(),
            Some(VpCode::Vp006),
            Side::Server,
            "More than one receiverId (logical address) with matching Riv-version found for serviceNamespace: c, receiverId: r".into(),
        ),
        (
            RouteError::NoUrl.into(),
            Some(VpCode::Vp010),
            Side::Server,
            "Physical Address field is empty in Service Producer for serviceNamespace: c, receiverId: r".into(),
        ),
        (
            AuthoriseError::Missing.into(),
            Some(VpCode::Vp007),
            Side::Server,
            "Authorization missing for serviceNamespace: c, receiverId: r, senderId: s".into(),
        ),
        (
            ProfileError::NotSupported(Profile::Rivtabp20).into(),
            Some(VpCode::Vp005),
            Side::Client,
            "No receiverId (logical address) with matching Riv-version found for rivtabp20".into(),
        ),
        (
            CallError::Connect("p:80".into()).into(),
            Some(VpCode::Vp009),
            Side::Server,
            format!("{caught}(java.net.ConnectException: Cannot connect to p:80)"),
        ),
        (
            CallError::Timeout.into(),
            Some(VpCode::Vp009),
            Side::Server,
            format!("{caught}(io.netty.handler.timeout.ReadTimeoutException: Timeout when waiting on response from producer.)"),
        ),
        (
            CallError::Status { url: "http://p".into(), status: 301, redirect: ", redirectLocation: /x".into() }.into(),
            Some(VpCode::Vp009),
            Side::Server,
            format!(
                "{caught}(org.apache.camel.component.netty.http.NettyHttpOperationFailedException: Netty HTTP operation failed \
                 invoking http://p with statusCode: 301, redirectLocation: /x)\nVP_PRODUCER_EXCEPTION_HTTP_STATUS=301"
            ),
        ),
        (
            CallError::Empty("200 OK".into()).into(),
            Some(VpCode::Vp009),
            Side::Server,
            "Error connecting to service producer at address http://p. Empty message when server responded with status code: 200 OK"
                .into(),
        ),
        (
            CallError::NoResponse("p:80".into()).into(),
            None,
            Side::Server,
            "org.apache.camel.CamelExchangeException: No response received from remote server: p:80. Exchange[0000000000000007]".into(),
        ),
    ];
    for (failure, code, side, detail) in cases {
        let refusal = refusal(&failure, &FACTS, "Here");
        assert_eq!((refusal.code, refusal.side, refusal.detail.as_str()), (code, side, detail.as_str()), "{failure:?}");
        match code {
            Some(code) => assert!(refusal.text.starts_with(&format!("{code} [Here] ")), "{}", refusal.text),
            None => assert!(!refusal.text.contains("VP0"), "{}", refusal.text),
        }
    }
}

#[test]
fn blanks_in_an_address_are_pointed_out() {
    let facts = Facts { receiver: " r", ..FACTS };
    let refusal = refusal(&RouteError::None.into(), &facts, "Here");
    assert!(refusal.detail.ends_with("receiverId:  r. Whitespace detected in incoming request!"), "{}", refusal.detail);
}
