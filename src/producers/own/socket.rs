//! An address that stays ours while nobody listens at it.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket};

use crate::net::bind::WAITING_MAX;

/// A socket that is bound and does not listen: who connects to it is refused. Nobody is given its address who asks for any
/// that is free, or who asks for this one without `SO_REUSEADDR`. Whoever sets that, as most servers do, may still take it
/// and listen there (Linux allows it as long as nobody listens): then it cannot be opened again, and that is to be told.
#[derive(Debug)]
pub(super) struct Shut {
    socket: TcpSocket,
    address: SocketAddr,
}

impl Shut {
    /// Takes an address; port 0 is any that is free.
    pub(super) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // Elsewhere it means that two may listen at the same address.
        if cfg!(not(windows)) {
            // Connections of the one that listened before may be ending still.
            socket.set_reuseaddr(true)?;
        }
        socket.bind(address)?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens at it.
    pub(super) fn open(self) -> io::Result<TcpListener> {
        self.socket.listen(WAITING_MAX)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn another_server_can_take_an_address_that_is_shut_and_then_it_does_not_open() {
        let shut = Shut::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let _other = crate::net::bind::listen(shut.address()).expect("it listens with SO_REUSEADDR");
        assert_eq!(shut.open().unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }

    #[tokio::test]
    async fn an_address_that_is_shut_refuses_and_is_the_same_when_it_is_open_again() {
        let shut = Shut::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = shut.address();
        let refused = TcpStream::connect(address).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let mut listener = shut.open().unwrap();
        for _ in 0..3 {
            let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
            let (client, (accepted, _)) = (client.unwrap(), accepted.unwrap());
            drop(listener);
            let shut = Shut::bind(address).expect("a connection that goes on does not keep the address");
            let refused = TcpStream::connect(address).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            listener = shut.open().unwrap();
            drop((client, accepted));
        }
    }
}
