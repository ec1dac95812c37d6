//! A consumer that writes its requests byte by byte and reads answers without judging them.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

/// One request to make.
#[derive(Clone, Debug)]
pub struct Ask {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Ask {
    /// A SOAP request to `/vp`, labelled as most consumers label it.
    pub fn post(body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), "text/xml; charset=UTF-8".to_owned())];
        Self { method: "POST".to_owned(), target: "/vp".to_owned(), headers, body: body.into() }
    }

    /// A request without a body.
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub fn at(mut self, target: &str) -> Self {
        target.clone_into(&mut self.target);
        self
    }

    /// Adds a header line; one of the same name stays.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn content_type(self, value: &str) -> Self {
        self.without("Content-Type").header("Content-Type", value)
    }

    /// The internal headers of `vp.md` §11.0 for a sender.
    pub fn internal(self, sender: &str) -> Self {
        self.header("x-vp-instance-id", "dev_env").header("x-vp-sender-id", sender)
    }

    /// The request as it goes over the wire. `Host` and `Content-Length` are added unless they are there.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = format!("{} {} HTTP/1.1\r\n", self.method, self.target).into_bytes();
        let has = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !has("Host") {
            out.extend_from_slice(b"Host: hub.example\r\n");
        }
        if !has("Content-Length") && !has("Transfer-Encoding") && !self.body.is_empty() {
            out.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        for (name, value) in &self.headers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&self.body);
        out
    }

    /// Makes the request over a connection of its own.
    pub async fn send(&self, to: SocketAddr) -> Answer {
        let mut wire = Wire::open(to).await;
        wire.write(&self.bytes()).await;
        wire.answer().await
    }
}

/// An answer as it came.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The only value of a header; panics where there are several.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.all(name);
        assert!(values.len() < 2, "several {name}: {values:?}");
        values.first().copied()
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// What bytes go over.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// An open connection.
pub struct Wire {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    /// Answers with status 100 that came so far.
    pub continues: usize,
}

impl Wire {
    pub async fn open(to: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(to)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self::over(stream)
    }

    /// Over something else than a bare socket.
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), unread: Vec::new(), continues: 0 }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        soon("the platform to take a request", self.stream.write_all(bytes)).await.unwrap();
    }

    /// Writes to somebody who may not want it.
    pub async fn try_write(&mut self, bytes: &[u8]) -> io::Result<()> {
        soon("the platform to take a request or to refuse it", self.stream.write_all(bytes)).await
    }

    /// Makes a request over this connection.
    pub async fn ask(&mut self, ask: &Ask) -> Answer {
        self.write(&ask.bytes()).await;
        self.answer().await
    }

    /// The next answer; panics where there is none.
    pub async fn answer(&mut self) -> Answer {
        self.try_answer().await.expect("an answer")
    }

    /// The next answer, final ones only.
    pub async fn try_answer(&mut self) -> io::Result<Answer> {
        loop {
            let head = soon("an answer", self.head()).await?;
            let (status, headers) = parse_head(&head);
            if status == 100 {
                self.continues += 1;
                continue;
            }
            let body = soon("an answer's body", self.body(&headers)).await?;
            return Ok(Answer { status, headers, body });
        }
    }

    /// Waits for the word to go on with the body.
    pub async fn continued(&mut self) {
        let head = soon("100 Continue", self.head()).await.expect("100 Continue");
        assert_eq!(parse_head(&head).0, 100, "{head}");
    }

    /// Waits until the other side closes; what it still sends comes back.
    pub async fn rest(mut self) -> Vec<u8> {
        while soon("the platform to close", self.more()).await.unwrap_or(0) > 0 {}
        self.unread
    }

    /// Says that no more requests will come.
    pub async fn close_writing(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    async fn more(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.unread).await
    }

    async fn need(&mut self) -> io::Result<()> {
        match self.more().await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    async fn head(&mut self) -> io::Result<String> {
        let end = loop {
            match find(&self.unread, b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.need().await?,
            }
        };
        Ok(String::from_utf8_lossy(&self.take(end)).into_owned())
    }

    async fn body(&mut self, headers: &[(String, String)]) -> io::Result<Vec<u8>> {
        let value = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, v)| v);
        if let Some(length) = value("content-length") {
            let length = length.parse().expect("a content length");
            while self.unread.len() < length {
                self.need().await?;
            }
            return Ok(self.take(length));
        }
        assert_eq!(value("transfer-encoding"), None, "chunked answers are not expected");
        while self.more().await? > 0 {}
        Ok(std::mem::take(&mut self.unread))
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.unread.split_off(count);
        std::mem::replace(&mut self.unread, rest)
    }
}

fn parse_head(head: &str) -> (u16, Vec<(String, String)>) {
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    (status.expect("a status line"), headers)
}

/// Where `part` begins in `whole`.
pub fn find(whole: &[u8], part: &[u8]) -> Option<usize> {
    whole.windows(part.len()).position(|window| window == part)
}
