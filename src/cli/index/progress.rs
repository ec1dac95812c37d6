//! How far a bulk command has come: a bar on a terminal, and a line when it is done.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::terminal::Terminal;
use crate::domain::clock::Clock;
use crate::index::bulk::Progress;

/// A bar that is drawn on standard error while somebody looks on.
pub(super) struct Bar {
    bar: ProgressBar,
    began: Instant,
    from_line: u64,
}

/// What became of one file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Done {
    /// The file.
    pub(super) file: String,
    /// Lines done, those of an earlier run included.
    pub(super) lines: u64,
    /// Of them, bad lines that were passed over.
    pub(super) skipped: u64,
    /// How long it took.
    pub(super) seconds: f64,
    /// Lines of this run by second.
    pub(super) lines_per_second: f64,
}

impl Bar {
    /// A bar; `total` is bytes or lines, whatever [`Bar::tell`] is then given, and 0 where it is not known.
    pub(super) fn new(terminal: &Terminal<'_>, total: u64) -> Self {
        let bar = match terminal.is_watched && !terminal.json {
            false => ProgressBar::hidden(),
            true => ProgressBar::new(total),
        };
        let template = "{elapsed_precise} {wide_bar} {percent:>3} %  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is one"));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self { bar, began: Clock::instant(), from_line: 0 }
    }

    /// Lines that an earlier run has done do not count as this run's.
    pub(super) fn begin_behind(&mut self, line: u64) {
        self.from_line = line;
    }

    /// Moves the bar.
    pub(super) fn tell(&self, position: u64, total: u64, lines: u64) {
        self.bar.set_length(total.max(position));
        self.bar.set_position(position);
        self.bar.set_message(format!("{lines} lines, {:.0}/s", self.rate(lines)));
    }

    /// Does something else to the terminal without the bar in between.
    pub(super) fn aside(&self, act: impl FnOnce()) {
        self.bar.suspend(act);
    }

    /// Takes the bar away.
    pub(super) fn done(self, file: &str, progress: Progress) -> Done {
        self.bar.finish_and_clear();
        Done {
            file: file.to_owned(),
            lines: progress.lines,
            skipped: progress.skipped,
            seconds: self.seconds(),
            lines_per_second: self.rate(progress.lines),
        }
    }

    fn seconds(&self) -> f64 {
        Clock::instant().saturating_duration_since(self.began).as_secs_f64()
    }

    fn rate(&self, lines: u64) -> f64 {
        lines.saturating_sub(self.from_line) as f64 / self.seconds().max(1e-6)
    }
}

impl Done {
    /// A line for people.
    pub(super) fn text(&self, verb: &str) -> String {
        let skipped = if self.skipped == 0 { String::new() } else { format!(", {} of them passed over", self.skipped) };
        format!(
            "{}: {} lines {verb}{skipped}, {:.1} s, {:.0} lines/s\n",
            self.file, self.lines, self.seconds, self.lines_per_second
        )
    }
}
