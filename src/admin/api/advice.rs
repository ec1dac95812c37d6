//! What usually helps after a fault, for people who meet it for the first time. Hints about the very call come from the
//! explanation; this is what holds for every call with the code (`vp.md` §6.2).

use crate::domain::vp_code::VpCode;

/// After a SOAP fault of the producer's own.
pub(super) const AFTER_PRODUCER_FAULT: &str = "The hub did its part: the producer answered with a SOAP fault, and the \
     consumer got it unchanged. Read the fault, and take it up with whoever runs the producer.";

/// What usually helps after a fault with this code, or with none.
pub(super) fn after(code: Option<VpCode>) -> &'static str {
    match code {
        Some(VpCode::Vp001) => "Send the message in RIV-TA basic profile 2.0 or 2.1.",
        Some(VpCode::Vp002) => {
            "Say who calls: a client certificate (or its header, set by the proxy) whose subject holds the HSA-id, or \
             x-vp-sender-id beside the x-vp-instance-id of this platform."
        }
        Some(VpCode::Vp003) => {
            "Put the logical address in the SOAP header: LogicalAddress in profile 2.1, To in profile 2.0."
        }
        Some(VpCode::Vp004) => {
            "Compare address and contract with the catalogue, letter by letter. If the producer is to be reached \
             there, its route is missing: add a [[route]] in tak/, then call /resetcache."
        }
        Some(VpCode::Vp005) => "Correct the profile of the route: RIVTABP20 or RIVTABP21.",
        Some(VpCode::Vp006) => "End all but one of the routes that are valid at this time, then call /resetcache.",
        Some(VpCode::Vp007) => {
            "Compare the sender with the catalogue. If it is to call this address, its permission is missing: add a \
             [[permission]] in tak/, then call /resetcache."
        }
        Some(VpCode::Vp008) => {
            "The catalogue is not loaded: \"anslut check\" names what is wrong with tak/; then call /resetcache."
        }
        Some(VpCode::Vp009) => {
            "Sender, route and permission were in order; the producer was not. Check that it runs at the address of \
             the route, that it answers in time, and that it answers with a body."
        }
        Some(VpCode::Vp010) => "Give the route the address of its producer, then call /resetcache.",
        Some(VpCode::Vp011) => {
            "Call over TLS with a client certificate, or have the caller's IP address put on ip.whitelist."
        }
        Some(VpCode::Vp012) => "Correct the message: it could not be converted to the producer's profile.",
        Some(VpCode::Vp013) => {
            "Leave out x-rivta-original-serviceconsumer-hsaid, or have the sender put on sender.id.allowed.list."
        }
        Some(VpCode::Vp014) => {
            "The call has passed this platform before: correct the route that sends it around in a circle."
        }
        Some(VpCode::Vp015) => "Correct the message: it must be a SOAP 1.1 envelope in well-formed XML.",
        None => "The platform itself met something it did not expect: the detail says what.",
    }
}
