//! An explanation as people read it.

use crate::cli::explain::text;
use crate::cli::terminal::Palette;
use crate::domain::vp_code::VpCode;
use crate::hub::explain::{Candidate, Explanation};

const PLAIN: Palette = Palette { colour: false };

fn route(step: &str, address: &str, taken: bool, why: &str) -> Candidate {
    Candidate {
        step: step.to_owned(),
        address: address.to_owned(),
        contract: "urn:c".to_owned(),
        consumer: None,
        profile: Some("RIVTABP21".to_owned()),
        url: Some("http://producer/a".to_owned()),
        from: "2020-01-01".to_owned(),
        to: "2025-12-31".to_owned(),
        origin: "tak/routes.toml:12".to_owned(),
        taken,
        why: why.to_owned(),
    }
}

fn explanation() -> Explanation {
    Explanation {
        contract: "urn:c".to_owned(),
        address: "SE1 ".to_owned(),
        sender: "SE-SENDER".to_owned(),
        at: "2026-11-22T09:00:00Z".parse().unwrap(),
        outcome: "ok".to_owned(),
        code: None,
        fault_string: None,
        detail: None,
        route_trace: "SE1 ,(parent),SE".to_owned(),
        permission_trace: String::new(),
        routes: Vec::new(),
        permissions: Vec::new(),
        producer_address: None,
        producer_profile: None,
        converts: None,
        hints: Vec::new(),
    }
}

#[test]
fn a_call_that_goes_through() {
    let permission = Candidate {
        step: "exact".to_owned(),
        consumer: Some("SE-SENDER".to_owned()),
        profile: None,
        url: None,
        ..route("", "SE1", true, "valid at that time")
    };
    let explanation = Explanation {
        permission_trace: "SE1".to_owned(),
        routes: vec![
            route("exact", "SE1", false, "expired on 2025-12-31"),
            route("climbed to SE", "SE", true, "valid at that time"),
        ],
        permissions: vec![permission],
        producer_address: Some("http://producer/a".to_owned()),
        producer_profile: Some("RIVTABP21".to_owned()),
        converts: Some(true),
        ..explanation()
    };
    let expected = r#"✓ ok: the call reaches the producer

  contract  urn:c
  address   "SE1 "
  sender    SE-SENDER
  at        2026-11-22 10:00:00 +01:00

Routes
  looked for  SE1 ,(parent),SE
  ✗ exact          SE1  RIVTABP21  http://producer/a  2020-01-01–2025-12-31  tak/routes.toml:12
      expired on 2025-12-31
  ✓ climbed to SE  SE   RIVTABP21  http://producer/a  2020-01-01–2025-12-31  tak/routes.toml:12
      valid at that time

Permissions
  looked for  SE1
  ✓ exact  SE1  SE-SENDER  2020-01-01–2025-12-31  tak/routes.toml:12
      valid at that time

Producer
  address     http://producer/a
  profile     RIVTABP21
  conversion  the message is converted to it
"#;
    assert_eq!(text(&explanation, PLAIN), expected);
}

#[test]
fn a_call_that_is_refused() {
    let explanation = Explanation {
        outcome: "VP004".to_owned(),
        code: Some(VpCode::Vp004),
        fault_string: Some("VP004 [NTjP] Det finns inget vägval".to_owned()),
        detail: Some("No receiverId".to_owned()),
        hints: vec!["the address ends in a blank; \"SE1\" has a route".to_owned()],
        ..explanation()
    };
    let expected = r#"✗ VP004: the call is refused

  contract  urn:c
  address   "SE1 "
  sender    SE-SENDER
  at        2026-11-22 10:00:00 +01:00

Routes
  looked for  SE1 ,(parent),SE
  none in the catalogue

Permissions
  not looked for

The consumer gets
  fault   VP004 [NTjP] Det finns inget vägval
  detail  No receiverId

Hints
  → the address ends in a blank; "SE1" has a route
"#;
    assert_eq!(text(&explanation, PLAIN), expected);
}

#[test]
fn colours_mark_what_was_taken_and_nothing_in_a_file_can_move_the_cursor() {
    let evil = Candidate { url: Some("http://\x1b[2J".to_owned()), ..route("exact", "SE1", true, "valid") };
    let explanation = Explanation { routes: vec![evil], ..explanation() };
    let shown = text(&explanation, Palette { colour: true });
    assert!(shown.starts_with("\x1b[32m✓ ok"), "{shown:?}");
    assert!(shown.contains("\x1b[32m✓\x1b[0m exact"), "{shown:?}");
    assert!(shown.contains("http://\\u{1b}[2J"), "{shown:?}");
}
