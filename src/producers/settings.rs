//! Named bounds of the mocked producers, with their defaults (`producers.md` §1.2, §12).

use std::time::Duration;

/// Longest wait a stub, a system or a draw may ask for; longer ones are cut to it.
pub const DELAY_MAX: Duration = Duration::from_secs(600);
/// Most stubs of one system.
pub const STUBS_MAX: usize = 50_000;
/// Most tokens read behind the body's child in search of the patient.
pub const PATIENT_TOKENS_MAX: usize = 4_096;
/// Most elements and attributes read of a request that no mapping answers.
pub const REQUEST_ELEMENTS_MAX: usize = 20_000;
/// Most text read of it, in bytes.
pub const REQUEST_TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Largest memory a compiled regular expression may take, in bytes.
pub const REGEX_BYTES_MAX: usize = 1 << 20;
/// Most kinds of exact demands by which the stubs of a system are looked up.
pub const STUB_SHAPES_MAX: usize = 64;
/// Most pieces of a dribbled answer.
pub const CHUNKS_MAX: u64 = 100_000;
/// Most rows of a journal, however small they are.
pub const JOURNAL_ROWS_MAX: usize = 100_000;
/// Bodies above this keep their beginning and end in the journal, in bytes.
pub const JOURNAL_BODY_BYTES_MAX: usize = 256 * 1024;
/// Most of the journal that waits to be written to disk, in bytes; what comes on top is not there after a restart.
pub const JOURNAL_QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// What is set aside on disk at once for the journal, in bytes; the oldest rows go in such pieces.
pub const JOURNAL_SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
/// Most workspaces besides the default one.
pub const WORKSPACES_MAX: usize = 1_000;
/// How long a workspace may be idle before it is dropped.
pub const WORKSPACE_IDLE_MAX: Duration = Duration::from_secs(3_600);
/// Most correlation ids remembered by `reset-once`, and most running numbers of a chaos plan.
pub const REMEMBERED_MAX: usize = 100_000;
/// Most nodes of a message that is read as a tree.
pub const TREE_NODES_MAX: usize = 4_000_000;
/// Most nodes one XPath expression may visit.
pub const XPATH_NODES_MAX: usize = 1_000_000;
/// Most lines of a difference between two messages.
pub const DIFFERENCES_MAX: usize = 20;
/// Largest message that is compared for the sake of an explanation, in bytes.
pub const EXPLAINED_BYTES_MAX: usize = 1024 * 1024;
/// Largest body a template may give, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Largest file of `__files` that is kept in memory, in bytes; larger ones stay on disk and are sent from there.
pub const FILE_HELD_BYTES_MAX: u64 = 256 * 1024;
/// What is read of such a file at once, in bytes.
pub const FILE_PIECE_BYTES: usize = 64 * 1024;
/// Largest file that is read whole where a mutation, an envelope or validation needs all of it, in bytes.
pub const FILE_WHOLE_BYTES_MAX: u64 = 50 * 1024 * 1024;
/// Most contracts whose verdict on a file is remembered: more than there are.
pub const FILE_VERDICTS_MAX: usize = 4_096;
/// Most calls, of all systems, that are decided at once on threads that may wait for the disk; the others wait for one of them.
pub const DISK_TURNS_MAX: usize = 16;
/// Longest text of a request that is quoted in the explanation of a miss, in characters.
pub const QUOTED_CHARACTERS_MAX: usize = 120;
/// Stubs named in the detail of a miss.
pub const NEAREST_MAX: usize = 3;

/// Stubs whose every condition is looked at for the explanation of a miss.
pub const NEAR_CANDIDATES_MAX: usize = 50;
/// Longest wait for a proxied system's answer where nothing else is said.
pub const PROXY_TIMEOUT: Duration = Duration::from_millis(29_000);
/// Largest answer taken from a proxied system, in bytes.
pub const PROXY_BYTES_MAX: usize = 50 * 1024 * 1024;
/// How often the files are looked at for changes: they are live within a second.
pub const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// Bounds of the `producers` listener.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Open connections; more wait in the operating system's queue.
    pub connections_max: usize,
    /// Request line and headers together, in bytes.
    pub header_bytes_max: usize,
    /// Longest wait for a request's headers to arrive in full, on a new connection or a kept-alive one.
    pub idle_timeout: Duration,
    /// Longest time for a handshake, where a system has TLS of its own.
    pub handshake_timeout: Duration,
    /// Longest time for a request's body to arrive.
    pub body_timeout: Duration,
    /// Longest time the caller may take none of its answer.
    pub write_timeout: Duration,
    /// How long calls in flight may take after the shutdown token is cancelled.
    pub drain_timeout: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            // As many as may wait out a delay: a call that waits holds its connection.
            connections_max: 20_480,
            header_bytes_max: 64 * 1024,
            idle_timeout: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(60),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Bounds of one system: `[limits]` of its `producer.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemLimits {
    /// Requests being read over HTTP at the same time; more get 503. A call that only waits out its delay is not counted.
    pub concurrency_max: usize,
    /// Calls waiting out their delay; more get 503.
    pub delayed_max: usize,
    /// Largest request body, in bytes; larger ones get 413.
    pub body_bytes_max: usize,
}

impl Default for SystemLimits {
    fn default() -> Self {
        Self { concurrency_max: 1_024, delayed_max: 20_000, body_bytes_max: 50 * 1024 * 1024 }
    }
}
