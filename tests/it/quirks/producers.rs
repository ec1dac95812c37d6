//! `vp.md` §7: what producers do, beyond the conformance statements.

use std::time::Duration;

use wiremock::ResponseTemplate;

use crate::conformance::c0::{C0, Faulty};
use crate::support::client::{Answer, Ask};
use crate::support::envelope::{GC, gc};
use crate::support::expect::fault_document;
use crate::support::producer::{ANSWER, Producer};
use crate::support::socket::{Act, Nobody, Socket, answer, ok, serve_one};
use crate::support::texts::caught;

crate::support::rows::rows! {
    &'static str;
    "§7.1" "no retries" => no_retries;
    "§7.1" "retries for ever" => retries_for_ever;
    "§7.1" "the wait is for silence, not for the whole answer" => slow_but_steady;
    "§7.2" "2xx without a body" => empty_answers;
    "§7.2" "a body of white space is a body" => blank_body;
    "§7.2" "redirects are not followed" => redirect;
    "§7.2" "a SOAP fault of another status, or of SOAP 1.2" => other_faults;
    "§7.2" "a reset in the middle of the answer" => reset_while_answering;
    "§7.2" "silence in the middle of the answer" => silence_while_answering;
    "§7.2" "a close without an answer" => close_without_answer;
    "§7.2" "a kept connection that closes without an answer" => kept_connection_closes;
    "§7.2" "an answer over the limit" => too_large;
    "§7.2" "an answer that is not HTTP" => not_http;
    "§7.2" "an answer in chunks is put together" => chunked_answer;
    "§12.17" "a refused connection that opens in time for the retry" => opens_for_the_retry;
}

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

const RESET: &str = "java.net.SocketException: Connection reset";
const TIMEOUT: &str = "io.netty.handler.timeout.ReadTimeoutException: Timeout when waiting on response from producer.";

async fn no_retries() {
    let socket = Socket::always(Act::Reset).await;
    let faulty = Faulty::with(socket, |plan| plan.property("vp.producer.retry.attempts", "0")).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), RESET));
    assert_eq!(faulty.socket.asked().len(), 1);
}

async fn retries_for_ever() {
    let script = |number| if number < 6 { Act::Reset } else { Act::Write(ok(ANSWER)) };
    let socket = Socket::start(script).await;
    let faulty = Faulty::with(socket, |plan| {
        plan.property("vp.producer.retry.attempts", "-1").property("vp.producer.retry.delay", "1")
    })
    .await;
    faulty.call(call()).await.is_passed_on(ANSWER);
    assert_eq!((faulty.socket.asked().len(), faulty.world.records()[0].attempts), (7, 7));
}

async fn slow_but_steady() {
    // A busy machine may stretch a pause beyond any timeout; one that only ever counted the whole would fail each time.
    for timeout in [240, 1_200, 6_000] {
        let answer = in_pieces(Duration::from_millis(timeout)).await;
        if answer.status == 200 {
            return answer.is_passed_on(ANSWER);
        }
    }
    panic!("an answer that came piece by piece, each in time, was not waited for");
}

/// The answer to a call whose producer pauses eight times, for a sixth of the timeout each.
async fn in_pieces(timeout: Duration) -> Answer {
    let bytes = ok(ANSWER);
    let (head, body) = bytes.split_at(bytes.len() - ANSWER.len());
    let pieces: Vec<_> = [head].into_iter().chain(body.chunks(ANSWER.len().div_ceil(7))).map(<[u8]>::to_vec).collect();
    let (pause, count) = (timeout / 6, pieces.len());
    assert!(pause * u32::try_from(count).expect("few") > timeout, "{count} pieces");
    let socket = Socket::always(Act::Slowly(pieces, pause)).await;
    let timeout_ms = u64::try_from(timeout.as_millis()).expect("seconds");
    let faulty = Faulty::with(socket, |plan| plan.timeouts(timeout_ms, &[])).await;
    faulty.call(call()).await
}

async fn empty_answers() {
    for (status, reason) in [(200, "200 OK"), (202, "202 Accepted"), (204, "204 No Content")] {
        let c0 = C0::before(Producer::answering(ResponseTemplate::new(status)).await, |plan| plan).await;
        let answer = c0.call(call()).await;
        answer.is_empty_answer_fault(&c0.producer.url("/p1"), reason);
        assert_eq!(c0.producer.asked().await.len(), 1, "not retried");
    }
}

async fn blank_body() {
    let c0 =
        C0::before(Producer::answering(ResponseTemplate::new(200).set_body_string(" \n")).await, |plan| plan).await;
    c0.call(call()).await.is_passed_on(" \n");
}

fn failed_with(url: &str, status: u16, redirect: &str) -> String {
    let class = "org.apache.camel.component.netty.http.NettyHttpOperationFailedException";
    let failed = format!("{class}: Netty HTTP operation failed invoking {url} with statusCode: {status}{redirect}");
    format!("{}\nVP_PRODUCER_EXCEPTION_HTTP_STATUS={status}", caught(url, &failed))
}

async fn redirect() {
    for status in [301, 302, 307, 308] {
        let elsewhere = Producer::start().await;
        let location = elsewhere.url("/elsewhere");
        let reply = ResponseTemplate::new(status).set_body_string("moved").insert_header("Location", location.as_str());
        let c0 = C0::before(Producer::answering(reply).await, |plan| plan).await;
        let expected = failed_with(&c0.producer.url("/p1"), status, &format!(", redirectLocation: {location}"));
        c0.call(call()).await.is_vp(9, &expected);
        assert!(elsewhere.asked().await.is_empty());
    }
}

async fn other_faults() {
    let soap_12 =
        "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault/></e:Body></e:Envelope>";
    let soap_11 = fault_document("Server", "x", "y");
    for (status, body) in [(500, soap_12), (400, soap_11.as_str()), (503, &soap_11), (502, "bad gateway"), (401, "")] {
        let reply = ResponseTemplate::new(status).set_body_string(body);
        let c0 = C0::before(Producer::answering(reply).await, |plan| plan).await;
        c0.call(call()).await.is_vp(9, &failed_with(&c0.producer.url("/p1"), status, ""));
        assert_eq!(c0.producer.asked().await.len(), 1, "not retried");
    }
}

async fn reset_while_answering() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let faulty = Faulty::start(Socket::always(Act::WriteAndReset(half.clone())).await).await;
    let answer = faulty.call(call()).await;
    answer.is_vp(9, &caught(&faulty.socket.url("/p1"), RESET));
    assert_eq!(faulty.socket.asked().len(), 2, "retried");
    let script = move |number| if number == 0 { Act::WriteAndReset(half.clone()) } else { Act::Write(ok(ANSWER)) };
    let faulty = Faulty::start(Socket::start(script).await).await;
    faulty.call(call()).await.is_passed_on(ANSWER);
}

async fn silence_while_answering() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let faulty = Faulty::with(Socket::always(Act::Write(half)).await, |plan| plan.timeouts(100, &[])).await;
    faulty.call(call()).await.is_vp(9, &caught(&faulty.socket.url("/p1"), TIMEOUT));
    faulty.socket.arrived(1).await;
    assert_eq!(faulty.socket.asked().len(), 1, "not retried");
}

async fn close_without_answer() {
    let faulty = Faulty::start(Socket::always(Act::Close).await).await;
    let answer = faulty.call(call()).await;
    let expected = format!("No response received from remote server: {}", faulty.socket.address);
    let detail = answer.detail();
    let text = &detail[detail.find(&expected).unwrap_or_else(|| panic!("{expected} is not in {detail}"))..];
    answer.is_raw_fault(text);
    let exchange = text.strip_prefix(&expected).and_then(|rest| rest.strip_prefix(". Exchange["));
    assert!(exchange.is_some_and(|id| id.len() > 1 && id.ends_with(']')), "{text}");
    assert_eq!(faulty.socket.asked().len(), 1, "not retried");
}

async fn kept_connection_closes() {
    // The second request meets a connection that the producer ends at that very moment: it is made again, at once.
    let script = |number| match number {
        1 => Act::Close,
        _ => Act::Write(ok(ANSWER)),
    };
    let faulty = Faulty::start(Socket::start(script).await).await;
    for _ in 0..2 {
        faulty.call(call()).await.is_passed_on(ANSWER);
    }
    assert_eq!((faulty.socket.asked().len(), faulty.socket.connections()), (3, 2));
}

async fn too_large() {
    let body = "x".repeat(5_000);
    let answer = ResponseTemplate::new(200).set_body_string(body.as_str());
    let c0 = C0::before(Producer::answering(answer).await, |plan| plan.property("vp.max.receive.length", "5000")).await;
    c0.call(call()).await.is_passed_on(&body);
    let faulty = |bytes: Vec<u8>| async {
        Faulty::with(Socket::always(Act::Write(bytes)).await, |plan| plan.property("vp.max.receive.length", "5000"))
            .await
    };
    let announced = answer_of(5_001);
    let mut in_chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..6 {
        in_chunks.extend_from_slice(format!("3e8\r\n{}\r\n", "x".repeat(1_000)).as_bytes());
    }
    in_chunks.extend_from_slice(b"0\r\n\r\n");
    for bytes in [announced, in_chunks] {
        let faulty = faulty(bytes).await;
        let answer = faulty.call(call()).await;
        let detail = answer.detail();
        answer.is_raw_fault(detail.split_once(": ").expect("error type and message").1);
        assert_eq!(faulty.socket.asked().len(), 1, "not retried");
    }
}

fn answer_of(bytes: usize) -> Vec<u8> {
    answer("200 OK", &[], &"x".repeat(bytes))
}

async fn not_http() {
    let faulty = Faulty::start(Socket::always(Act::WriteAndClose(b"220 smtp ready\r\n".to_vec())).await).await;
    let answer = faulty.call(call()).await;
    answer.is_vp_with(
        9,
        &["Error connecting to service producer at address", "Exception information: (java.io.IOException: "],
    );
}

async fn chunked_answer() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n<mocked \r\n9\r\nanswer/>!\r\n0\r\n\r\n";
    let faulty = Faulty::start(Socket::always(Act::Write(chunks.as_bytes().to_vec())).await).await;
    for _ in 0..2 {
        let answer = faulty.call(call()).await;
        answer.is_passed_on("<mocked answer/>!");
        assert_eq!(answer.header("transfer-encoding"), None);
    }
    assert_eq!(faulty.socket.connections(), 1);
}

async fn opens_for_the_retry() {
    // How long the first attempt takes to come is the machine's business: who opens too early opens later next time.
    for opens_after in [20, 100, 500, 2_500] {
        if opened_after(Duration::from_millis(opens_after)).await > 1 {
            return;
        }
    }
    panic!("no attempt was made before somebody listened");
}

/// The attempts of a call to an address at which somebody begins to listen after a while.
async fn opened_after(pause: Duration) -> u32 {
    let nobody = Nobody::there();
    let url = format!("http://{}/p1", nobody.address);
    let c0 = C0::with(|plan| {
        plan.change(|tak| tak.move_route(GC, "HttpProducer", &url))
            .property("vp.producer.retry.attempts", "-1")
            .property("vp.producer.retry.delay", "5")
    })
    .await;
    let opening = async {
        tokio::time::sleep(pause).await;
        serve_one(&nobody.opens(), ok(ANSWER)).await;
    };
    let (answer, ()) = tokio::join!(c0.call(call()), opening);
    answer.is_passed_on(ANSWER);
    c0.world.records()[0].attempts
}
