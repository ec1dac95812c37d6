//! Listeners as files change: who gets an address, and what is said where nobody does.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listeners::Listeners;
use super::socket::Shut;
use super::{Shown, Speaks, State};
use crate::config::environment::Environment;
use crate::domain::clock::Clock;
use crate::net::bind;
use crate::producers::mounted::Producers;
use crate::producers::settings::ServerSettings;

/// Systems `a` and `b`, and their listeners.
struct Playground {
    folder: TempDir,
    producers: Arc<Producers>,
    listeners: Listeners,
}

impl Playground {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for system in ["a", "b"] {
            fs::create_dir_all(folder.path().join("producers").join(system)).unwrap();
            fs::write(folder.path().join("producers").join(system).join("producer.toml"), "").unwrap();
        }
        let (producers, problems) = Producers::load(&Environment::Folder(folder.path().to_owned()));
        assert_eq!(problems, []);
        let producers = Arc::new(producers);
        let listeners = Listeners::new(
            Arc::clone(&producers),
            ServerSettings::default(),
            (None, Vec::new(), Clock::System),
            (TaskTracker::new(), CancellationToken::new()),
        );
        Self { folder, producers, listeners }
    }

    /// Writes both systems' files, and looks at them once: the troubles.
    async fn tended(&self, a: &str, b: &str) -> Vec<String> {
        for (system, toml) in [("a", a), ("b", b)] {
            fs::write(self.folder.path().join("producers").join(system).join("producer.toml"), toml).unwrap();
        }
        assert_eq!(*self.producers.reload(), []);
        self.listeners.tend().await.iter().map(ToString::to_string).collect()
    }

    fn shown(&self, system: &str) -> Vec<Shown> {
        self.producers.system(system).unwrap().own().to_vec()
    }
}

/// An address that is free.
fn free() -> SocketAddr {
    Shut::bind("127.0.0.1:0".parse().unwrap()).unwrap().address()
}

#[tokio::test]
async fn an_address_moves_within_one_look_to_whoever_the_files_give_it() {
    let (playground, address) = (Playground::new(), free());
    let on = |table: &str| format!("[{table}]\nlisten = \"{address}\"\n");
    let open = |speaks| [Shown { speaks, address, state: State::Open }];
    for round in 0..3 {
        assert_eq!(playground.tended(&on("http"), "").await, [""; 0], "round {round}");
        assert_eq!(playground.shown("a"), open(Speaks::Http));
        assert_eq!(playground.tended(&on("tls"), "").await, [""; 0], "round {round}: to TLS");
        assert_eq!(playground.shown("a"), open(Speaks::Https));
        assert_eq!(playground.tended("", &on("http")).await, [""; 0], "round {round}: to another system");
        assert_eq!((playground.shown("a"), playground.shown("b")), (Vec::new(), open(Speaks::Http).to_vec()));
        TcpStream::connect(address).await.expect("somebody listens");
    }
}

#[tokio::test]
async fn a_listener_that_cannot_open_says_why_until_it_can_and_is_not_taken_for_one_that_refuses() {
    let (playground, address) = (Playground::new(), free());
    let http = format!("[http]\nlisten = \"{address}\"\n");
    let refusing = format!("[[rule]]\nbehaviour = \"refuse\"\n{http}");
    let one = |state| [Shown { speaks: Speaks::Http, address, state }];
    assert_eq!(playground.tended(&http, "").await, [""; 0]);
    assert_eq!(playground.tended(&refusing, "").await, [""; 0]);
    assert_eq!(playground.shown("a"), one(State::Closed));
    assert_eq!(playground.shown("a")[0].to_string(), format!("http://{address} (closed: refuse)"));
    // Where nobody else can have it meanwhile, there is nothing more to see.
    let Ok(other) = bind::listen(address) else { return };
    for look in 0..2 {
        let troubles = playground.tended(&http, "").await;
        let begins = format!("cannot listen on {address} for a: ");
        assert!(troubles.len() == 1 && troubles[0].starts_with(&begins), "look {look}: {troubles:?}");
        let why = troubles[0][begins.len()..].to_owned();
        assert_eq!(playground.shown("a")[0].to_string(), format!("http://{address} (cannot listen: {why})"));
        assert_eq!(playground.shown("a"), one(State::Unheard(why.into())));
    }
    // One that never had an address is shown as well.
    let troubles = playground.tended(&http, &http).await;
    assert_eq!((troubles.len(), playground.shown("b").len()), (2, 1), "{troubles:?}");
    assert!(matches!(playground.shown("b")[0].state, State::Unheard(_)));
    assert_eq!(playground.tended(&http, "").await.len(), 1);
    drop(other);
    assert_eq!(playground.tended(&http, "").await, [""; 0]);
    assert_eq!(playground.shown("a"), one(State::Open));
}
