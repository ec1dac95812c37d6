//! Where listeners begin: an address, and how many connections may wait on it before anybody accepts them.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait in the operating system's queue until they are accepted, within what it allows (`somaxconn` on
/// Linux). One that finds the queue full is dropped without a word, and its client tries again a second later: an
/// aggregating service alone opens hundreds at once, and 128, the libraries' own figure, made some of its sources late.
pub const WAITING_MAX: u32 = 4_096;

/// Listens on an address.
///
/// # Errors
/// As the operating system has them: the address is in use, is none of this machine's, or may not be used.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows the option would let a second process take the address from the first.
    if cfg!(not(windows)) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    socket.listen(WAITING_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_burst_of_connections_waits_where_nobody_accepts_yet() {
        let allowed = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        let burst_max = 300.min(allowed.trim().parse().unwrap());
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        // A second is what a client waits before it asks again.
        let patience = std::time::Duration::from_millis(900);
        let burst: Vec<_> =
            (0..burst_max).map_while(|_| std::net::TcpStream::connect_timeout(&address, patience).ok()).collect();
        assert_eq!(burst.len(), burst_max);
    }

    #[tokio::test]
    async fn a_taken_address_is_refused() {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let refused = listen(listener.local_addr().unwrap()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
    }
}
