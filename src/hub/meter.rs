//! Counters and histograms of the message path, under names that start with `anslut_hub_`.
//!
//! Labels only ever take values from fixed lists: nothing a consumer writes becomes a label.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Histogram, Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use super::exchange::{CallRecord, Stage};
use crate::domain::vp_code::VpCode;

/// Upper bounds of the duration histograms, in seconds.
const BOUNDS: [f64; 14] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.0, 10.0, 30.0];

/// The meters of one platform.
#[derive(Clone)]
pub struct Meter {
    shared: Arc<Shared>,
}

struct Shared {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    ok: Counter,
    fault: Counter,
    refused: Vec<Counter>,
    request_bytes: Counter,
    answer_bytes: Counter,
    total: Histogram,
    producer: Histogram,
    stages: Vec<Histogram>,
}

impl Meter {
    /// Meters at zero.
    pub fn new() -> Self {
        let recorder =
            PrometheusBuilder::new().set_buckets(&BOUNDS).expect("the bounds are not empty").build_recorder();
        let describe = |name: &'static str, text: &'static str| {
            recorder.describe_counter(KeyName::from_const_str(name), Some(Unit::Count), SharedString::const_str(text));
        };
        describe("anslut_hub_calls_total", "calls by outcome: ok, a VP code, or fault");
        describe("anslut_hub_request_bytes_total", "bytes of request bodies");
        describe("anslut_hub_answer_bytes_total", "bytes of answer bodies");
        let calls =
            |outcome: &'static str| counter(&recorder, "anslut_hub_calls_total", vec![Label::new("outcome", outcome)]);
        let stage =
            |stage: Stage| histogram(&recorder, "anslut_hub_stage_seconds", vec![Label::new("stage", stage.as_str())]);
        let shared = Shared {
            ok: calls("ok"),
            fault: calls("fault"),
            refused: VpCode::ALL.into_iter().map(|code| calls(code.as_str())).collect(),
            request_bytes: counter(&recorder, "anslut_hub_request_bytes_total", Vec::new()),
            answer_bytes: counter(&recorder, "anslut_hub_answer_bytes_total", Vec::new()),
            total: histogram(&recorder, "anslut_hub_call_seconds", Vec::new()),
            producer: histogram(&recorder, "anslut_hub_producer_seconds", Vec::new()),
            stages: Stage::ALL.into_iter().map(stage).collect(),
            handle: recorder.handle(),
            recorder,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Counts a finished call.
    pub fn count(&self, record: &CallRecord) {
        let shared = &*self.shared;
        match (record.outcome(), record.refusal.as_ref().and_then(|refusal| refusal.code)) {
            (_, Some(code)) => shared.refused[code as usize - 1].increment(1),
            ("ok", _) => shared.ok.increment(1),
            _ => shared.fault.increment(1),
        }
        shared.request_bytes.increment(record.request.body_bytes as u64);
        shared.answer_bytes.increment(record.answer.body_bytes as u64);
        shared.total.record(record.total.as_secs_f64());
        if let Some(time) = record.producer_time {
            shared.producer.record(time.as_secs_f64());
        }
        for (histogram, span) in shared.stages.iter().zip(record.stages) {
            if let Some(span) = span {
                histogram.record(span.end.saturating_sub(span.begin).as_secs_f64());
            }
        }
    }

    /// All meters in the Prometheus text format.
    pub fn render(&self) -> String {
        self.shared.handle.render()
    }

    /// Sets a gauge that is read when the meters are rendered.
    pub fn gauge(&self, name: &'static str, value: f64) {
        let key = Key::from_static_name(name);
        self.shared.recorder.register_gauge(&key, &METADATA).set(value);
    }

    /// Sets a counter whose count is kept elsewhere.
    pub fn total(&self, name: &'static str, value: u64) {
        self.shared.recorder.register_counter(&Key::from_static_name(name), &METADATA).absolute(value);
    }

    /// Moves what histograms have gathered into their buckets; to be called now and then, so that it does not pile up.
    pub fn upkeep(&self) {
        self.shared.handle.run_upkeep();
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

/// How often [`Meter::upkeep`] is due.
pub const UPKEEP: Duration = Duration::from_secs(5);

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

fn counter(recorder: &PrometheusRecorder, name: &'static str, labels: Vec<Label>) -> Counter {
    recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
}

fn histogram(recorder: &PrometheusRecorder, name: &'static str, labels: Vec<Label>) -> Histogram {
    recorder.register_histogram(&Key::from_parts(name, labels), &METADATA)
}
