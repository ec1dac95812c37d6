//! A producer that behaves: it answers every call alike, and remembers what it was asked.

use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What a producer answers unless a test wants something else.
pub const ANSWER: &str = "<mocked answer/>";

/// A producer with one answer.
pub struct Producer {
    server: MockServer,
}

impl Producer {
    /// Answers [`ANSWER`].
    pub async fn start() -> Self {
        Self::answering(ResponseTemplate::new(200).set_body_raw(ANSWER, "text/xml;charset=UTF-8")).await
    }

    pub async fn answering(answer: ResponseTemplate) -> Self {
        let server = MockServer::builder().start().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        Self { server }
    }

    /// Its address, with a path.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.uri())
    }

    /// `host:port`.
    pub fn authority(&self) -> String {
        self.server.address().to_string()
    }

    /// What it was asked so far.
    pub async fn asked(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// The only call it got.
    pub async fn only(&self) -> Request {
        let mut asked = self.asked().await;
        assert_eq!(asked.len(), 1, "calls to the producer");
        asked.remove(0)
    }
}

/// The only value of a header of a call.
pub fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let values: Vec<_> = request.headers.get_all(name).iter().collect();
    assert!(values.len() < 2, "several {name}: {values:?}");
    values.first().map(|value| value.to_str().unwrap())
}
