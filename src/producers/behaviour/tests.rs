//! Delays and templates.

use std::time::Duration;

use super::delay::{Delay, Numbers};
use crate::producers::settings::DELAY_MAX;
use crate::producers::tests::{get_diagnosis, post, sound, text_of};

fn sample(delay: Delay) -> Vec<u128> {
    (0..1_000).map(|nth| delay.draw(&mut Numbers::of("x", nth)).as_millis()).collect()
}

#[test]
fn draws_stay_in_their_bounds_and_repeat() {
    assert!(sample(Delay::Fixed(7)).iter().all(|drawn| *drawn == 7));
    let uniform = sample(Delay::Uniform { lower: 15, upper: 25 });
    assert_eq!((uniform.iter().min(), uniform.iter().max()), (Some(&15), Some(&25)), "both ends are included");
    let mean = uniform.iter().sum::<u128>() as f64 / 1_000.0;
    assert!((19.5..20.5).contains(&mean), "{mean}");
    let lognormal = Delay::Lognormal { median: 80.0, sigma: 0.4, longest: Some(200) };
    let mut drawn = sample(lognormal);
    assert_eq!(drawn, sample(lognormal), "seeded runs are identical");
    drawn.sort_unstable();
    assert!((75..=85).contains(&drawn[500]), "half are below the median: {}", drawn[500]);
    assert!(drawn[999] <= 200 && drawn[0] < 40);
}

#[test]
fn no_draw_exceeds_the_limit() {
    let wild = [
        Delay::Fixed(u64::MAX),
        Delay::Uniform { lower: 0, upper: u64::MAX },
        Delay::Lognormal { median: f64::MAX, sigma: 9.0, longest: None },
    ];
    for delay in wild {
        for nth in 0..50 {
            assert!(delay.draw(&mut Numbers::of("x", nth)) <= DELAY_MAX, "{delay:?}");
        }
    }
}

#[tokio::test]
async fn the_systems_delay_and_the_stubs_add_up() {
    let stub = r#"{"request": {}, "response": {"delayDistribution": {"type": "fixed", "milliseconds": 300}}}"#;
    let toml = "[delay]\ndistribution = \"fixed\"\nmilliseconds = 200\n";
    let producers = sound(&[("x/mappings/a.json", stub), ("x/producer.toml", toml)]);
    let decision = producers.system("x").unwrap().decide(post("/", ""));
    assert_eq!(decision.delay, Duration::from_millis(500));
}

#[tokio::test]
async fn a_template_that_grows_beyond_the_limit_is_a_fault_and_never_an_empty_answer() {
    let template = "<a>{{riv.logicalAddress}}{{riv.logicalAddress}}</a>";
    let stub =
        format!(r#"{{"request": {{}}, "response": {{"body": "{template}", "transformers": ["response-template"]}}}}"#);
    let producers = sound(&[("x/mappings/a.json", &stub)]);
    let address = "A".repeat(9 * 1024 * 1024);
    let (status, text) = text_of(&producers, "x", post("/", &get_diagnosis(&address, ""))).await;
    assert_eq!(status, 500);
    assert!(
        text.contains("SOAP-ENV:Server") && text.contains("a.json:1: its body exceeds 16777216 bytes"),
        "{text:.600}"
    );
}

#[tokio::test]
async fn placeholders_are_filled_in_and_escaped() {
    let template = "<a>{{riv.operation}}|{{ riv.major }}|{{riv.logicalAddress}}|{{riv.patient.id}}|\
                    {{riv.correlationId}}|{{riv.sender}}</a>";
    let stub =
        format!(r#"{{"request": {{}}, "response": {{"body": "{template}", "transformers": ["response-template"]}}}}"#);
    let producers = sound(&[("x/mappings/a.json", &stub)]);
    let mut request = post("/", &get_diagnosis("A &amp; B", "19121212-1212"));
    request.headers_mut().insert("x-skltp-correlation-id", "<c>".parse().unwrap());
    let (_, text) = text_of(&producers, "x", request).await;
    assert_eq!(text, "<a>GetDiagnosis|2|A &amp; B|191212121212|&lt;c&gt;|</a>");
}

#[tokio::test]
async fn what_is_huge_is_so_by_its_multimedia_where_it_has_some() {
    let stub = |inner: &str| {
        let body = format!(
            "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><r>{inner}</r></e:Body></e:Envelope>"
        );
        serde_json::json!({"request": {}, "response": {"body": body, "riv": {"behaviour": "huge;mb=1"}}}).to_string()
    };
    for (inner, grown) in [
        ("<multimediaEntry><mediaType>image/png</mediaType><value>AAAA</value></multimediaEntry>", "<value>QUFBQUFB"),
        ("<text>a</text>", "<!--xxxx"),
    ] {
        let producers = sound(&[("x/mappings/a.json", &stub(inner))]);
        let (status, text) = text_of(&producers, "x", post("/", &get_diagnosis("A", ""))).await;
        assert_eq!(status, 200);
        assert!(text.contains(grown), "{text:.300}");
        assert!(text.len().abs_diff(1 << 20) < 200, "{} bytes", text.len());
    }
}
