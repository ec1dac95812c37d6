//! `anslut qa run --mutants`: the suite tried on producers that are wrong on purpose.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::tests_run::RunArguments;
use crate::app::serve::{ServeLimits, serve};
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{Terminal, printable};
use crate::domain::clock::Clock;
use crate::qa::mutants::score::{Host, Score, Settings, score};
use crate::qa::suite::folder::PublishedProject;
use crate::soap::fault::{Side, document};
use crate::soap::responder::{Responder, SharedResponder};

/// Largest request that our own producers take.
const BODY_BYTES_MAX: usize = 8 << 20;
/// Callers at once that they bear: the peak of a recovery case, and some.
const CONNECTIONS_MAX: usize = 512;

/// Listeners on this machine, open for as long as this lives.
pub struct Loopback {
    carrier: Arc<dyn Responder>,
    open: CancellationToken,
    _guard: DropGuard,
}

impl Loopback {
    /// Nothing listens yet.
    pub fn new(carrier: Arc<dyn Responder>) -> Self {
        let open = CancellationToken::new();
        Self { carrier, _guard: open.clone().drop_guard(), open }
    }
}

impl Host for Loopback {
    fn start(&self, responder: SharedResponder) -> Pin<Box<dyn Future<Output = io::Result<String>> + Send + '_>> {
        Box::pin(async move {
            let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
            let address = listener.local_addr()?;
            tokio::spawn(serve(listener, "qa mutant", responder, limits(), self.open.child_token()));
            Ok(format!("http://{address}/"))
        })
    }

    fn carrier(&self) -> Arc<dyn Responder> {
        Arc::clone(&self.carrier)
    }
}

fn limits() -> ServeLimits {
    let patience = Duration::from_secs(30);
    ServeLimits {
        body_bytes_max: BODY_BYTES_MAX,
        too_large,
        connections_max: CONNECTIONS_MAX,
        connections_per_client_max: CONNECTIONS_MAX,
        idle_timeout: patience,
        body_timeout: patience,
        write_timeout: patience,
        drain_timeout: Duration::ZERO,
    }
}

fn too_large(most: usize) -> Response<Bytes> {
    let log_id = uuid::Uuid::new_v4();
    let text = document(Side::Client, &format!("frågan är större än {most} byte, logId {log_id}"), "");
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/xml; charset=utf-8"));
    response
}

/// Tries each suite; exit 1 where a mutant was missed, or a well-behaved producer was not left alone.
pub(super) fn run(
    arguments: &RunArguments,
    projects: &[Arc<PublishedProject>],
    carrier: Arc<dyn Responder>,
    terminal: &mut Terminal<'_>,
) -> Result<Exit, Failure> {
    let [project] = projects else {
        return Err(Failure::usage(format!("--mutants tries one suite, found {}", projects.len())));
    };
    let settings = Settings {
        scale: arguments.scale,
        seed: arguments.seed,
        generated: arguments.generated,
        only: Vec::new(),
        load: true,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::environment)?;
    let found = runtime.block_on(async {
        let host: Arc<dyn Host> = Arc::new(Loopback::new(carrier));
        score(project, &settings, host, &Clock::System).await
    });
    let found = found.map_err(Failure::usage)?;
    if terminal.json {
        terminal.print_json(&found)?;
    } else {
        show(&found, terminal)?;
    }
    let is_right = found.golden.findings.is_empty() && found.totals.caught == found.totals.applicable;
    Ok(if is_right { Exit::Done } else { Exit::Failed })
}

fn show(found: &Score, terminal: &mut Terminal<'_>) -> Result<(), Failure> {
    for finding in &found.golden.findings {
        terminal.print(&format!("false alarm  {}: {}\n", printable(&finding.case), printable(&finding.text)))?;
    }
    for tried in &found.mutants {
        let outcome = tried.outcome.unwrap_or("not applicable");
        let by = if tried.by.is_empty() { String::new() } else { format!("  by {}", tried.by.join(", ")) };
        terminal.print(&format!("{:<14} {} {}{by}\n", outcome, tried.id, tried.title))?;
    }
    let totals = &found.totals;
    terminal.print(&format!(
        "{} of {} mutants caught by what should, {} by something else, {} missed; {} findings at the well-behaved producer\n",
        totals.caught,
        totals.applicable,
        totals.other,
        totals.missed,
        found.golden.findings.len()
    ))?;
    Ok(())
}
