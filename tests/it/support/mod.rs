//! What every test needs: a platform with an environment of its own, somebody who calls it, and somebody it calls.

pub mod certificate;
pub mod client;
pub mod envelope;
pub mod expect;
pub mod log;
pub mod pki;
pub mod producer;
pub mod rows;
pub mod socket;
pub mod tak;
pub mod texts;
pub mod tls;
pub mod world;

use std::time::Duration;

/// Longest wait for anything that must happen: only a failing test ever waits so long.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for something that must happen.
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, happens).await {
        Ok(happened) => happened,
        Err(_) => panic!("waited {PATIENCE:?} for {what}"),
    }
}

/// Waits until a condition holds that nothing announces.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let watching = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    soon(what, watching).await;
}
