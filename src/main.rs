//! Arguments in, exit code out.

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anslut::cli;
use anslut::cli::terminal::Terminal;
use anslut::config::process;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let variables = process::variables();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let is_terminal = out.is_terminal();
    let mut terminal = Terminal::new(&mut out, &mut err, is_terminal, &variables);
    ExitCode::from(cli::run(env::args_os(), &variables, &mut terminal) as u8)
}
