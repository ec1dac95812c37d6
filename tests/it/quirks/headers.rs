//! `vp.md` §1.3, §3 and §4.6: identity, headers and addresses, beyond the conformance statements.

use wiremock::ResponseTemplate;

use crate::conformance::c0::{C0, Faulty};
use crate::support::certificate::Certificate;
use crate::support::client::Ask;
use crate::support::envelope::{GC, gc};
use crate::support::producer::{ANSWER, Producer, header};
use crate::support::socket::{Act, Socket, answer, body, ok};
use crate::support::world::Plan;

crate::support::rows::rows! {
    &'static str;
    "§1.3" "a wsdl or xsd header hijacks any request, before the whitelist" => hijack;
    "§1.3" "xsd wins: a raw fault" => unknown_schema;
    "§3.2" "a blank entry in the whitelist matches everything" => blank_whitelist_entry;
    "§3.2" "a URL-encoded certificate is of an unknown type" => encoded_certificate;
    "§3.2" "the sender id of internal headers is taken verbatim" => sender_verbatim;
    "§3.2" "X-Forwarded-For is the logged sender address" => logged_address;
    "§3.5" "routing history off, by everything but true" => history_off;
    "§3.7" "headers the HTTP library handles are removed" => handled_headers;
    "§3.7" "everything else is kept, line by line" => kept_headers;
    "§3.7" "a certificate header of another name leaks" => leaking_certificate;
    "§3.7" "the filters can be set" => own_filters;
    "§3.7" "Host and Connection" => host_and_connection;
    "§3.7" "chunked requests" => chunked;
    "§3.7" "the method is forwarded" => method;
    "§3.7" "a consumer's query becomes headers and replaces the address's" => query;
    "§3.8" "answer headers: what passes and what does not" => answer_headers;
    "§4.6" "user and fragment are dropped, capitals go as plain http" => addresses;
}

fn call() -> Ask {
    Ask::post(gc("HttpProducer")).internal("tp")
}

async fn hijack() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "")).await;
    for ask in [
        Ask::post(gc("HttpProducer")).header("wsdl", ""),
        Ask::post("<broken").header("WSDL", "x"),
        Ask::get("/vp?wsdl="),
    ] {
        let answer = c0.call(ask).await;
        assert_eq!((answer.status, answer.header("content-type")), (500, Some("text/plain;UTF-8")));
        assert!(answer.text().starts_with("No wsdl found on this path, following wsdl paths is available:\n"));
    }
    assert!(c0.world.records().is_empty(), "not a call");
    let logged = c0.drain().await;
    assert_eq!(logged.text, "", "descriptions are not logged");
}

async fn unknown_schema() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "")).await;
    let known = "/vp/itintegration/engagementindex/Update/1/rivtabp21";
    let by_header = Ask::get(known).method("POST").header("xsd", "core.xsd").header("wsdl", "");
    for ask in [Ask::get(&format!("{known}?wsdl&xsd=core.xsd")), by_header] {
        let answer = c0.call(ask).await;
        answer.is_raw_fault("WSDLException: faultCode=OTHER_ERROR: Couldn't find xsd named core.xsd");
    }
}

async fn blank_whitelist_entry() {
    let c0 = C0::with(|plan| plan.property("ip.whitelist", "9.9.9.9,,8.8.8.8")).await;
    c0.call(call()).await.is_passed_on(ANSWER);
    c0.call(call().header("X-Forwarded-For", "10.20.30.40")).await.is_passed_on(ANSWER);
}

async fn encoded_certificate() {
    let c0 = C0::start().await;
    let pem = Certificate::of_unit("tp").on_one_line("%0A").replace(' ', "%20");
    for value in [pem, "anything".to_owned(), String::new(), "-----BEGIN CERTIFICATE-----".to_owned()] {
        let answer = c0.call(Ask::post(gc("HttpProducer")).header("X-Forwarded-Tls-Client-Cert-Info", value)).await;
        answer.is_vp(2, "Exception, unkown certificate type found in httpheader X-Forwarded-Tls-Client-Cert-Info");
    }
}

async fn sender_verbatim() {
    let c0 = C0::start().await;
    let answer = c0.call(Ask::post(gc("HttpProducer")).internal("any#thing, at all")).await;
    answer.is_vp_with(7, &["senderId: any#thing, at all"]);
}

async fn logged_address() {
    let c0 = C0::start().await;
    c0.call(call().header("X-Forwarded-For", "5.6.7.8")).await.is_passed_on(ANSWER);
    c0.call(call()).await.is_passed_on(ANSWER);
    let events = c0.drain().await.events();
    assert_eq!((events[0].get("source.ip"), events[0].get("source.address")), ("5.6.7.8", "127.0.0.1"));
    assert_eq!(events[4].get("source.ip"), "127.0.0.1");
}

async fn history_off() {
    let certificate = Certificate::of_unit("tp").on_one_line(" ");
    let ask = || Ask::post(gc("HttpProducer")).header("X-Forwarded-Tls-Client-Cert-Info", certificate.clone());
    for value in ["false", "True", "TRUE", "1", "true "] {
        let c0 = C0::with(|plan| plan.property("vp.use.routing.history", value)).await;
        c0.call(ask()).await.is_passed_on(ANSWER);
        assert_eq!(header(&c0.producer.only().await, "x-rivta-routing-history"), None, "{value:?}");
        c0.call(ask().header("x-rivta-routing-history", "dev_env")).await.is_passed_on(ANSWER);
    }
}

async fn handled_headers() {
    let faulty = Faulty::start(Socket::always(Act::Write(ok(ANSWER))).await).await;
    let names =
        ["Cache-Control", "Date", "Pragma", "Trailer", "Via", "Warning", "CamelHttpUri", "camel-x", "Keep-Alive"];
    let ask = names.iter().fold(call(), |ask, name| ask.header(name, "x")).header("Connection", "keep-alive");
    faulty.call(ask).await.is_passed_on(ANSWER);
    let sent = String::from_utf8(faulty.socket.asked().remove(0)).expect("text").to_ascii_lowercase();
    for name in &names[..8] {
        assert!(!sent.contains(&format!("\r\n{}:", name.to_ascii_lowercase())), "{name} in {sent}");
    }
    assert_eq!(sent.matches("\r\nconnection:").count(), 1, "{sent}");
}

async fn kept_headers() {
    let c0 = C0::start().await;
    let ask = call()
        .header("Authorization", "Basic eA==")
        .header("Accept", "text/xml")
        .header("Cookie", "a=b")
        .header("X-Custom", "one")
        .header("X-Custom", "two");
    c0.call(ask).await.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!(header(&call, "Authorization"), Some("Basic eA=="));
    assert_eq!(header(&call, "Accept"), Some("text/xml"));
    assert_eq!(header(&call, "Cookie"), Some("a=b"));
    assert_eq!(call.headers.get_all("X-Custom").iter().collect::<Vec<_>>(), ["one", "two"]);
}

async fn leaking_certificate() {
    let c0 = C0::with(|plan| plan.property("http.forwarded.header.auth_cert", "x-fk-auth-cert")).await;
    let certificate = Certificate::of_unit("tp").on_one_line(" ");
    c0.call(Ask::post(gc("HttpProducer")).header("x-fk-auth-cert", certificate.clone())).await.is_passed_on(ANSWER);
    assert_eq!(header(&c0.producer.only().await, "x-fk-auth-cert"), Some(certificate.as_str()));
    assert!(!c0.drain().await.text.contains("BEGIN CERTIFICATE"), "it does not leak into the log");
}

async fn own_filters() {
    let reply =
        ResponseTemplate::new(200).set_body_string(ANSWER).insert_header("x-b-one", "1").insert_header("x-b-two", "2");
    let c0 = C0::before(Producer::answering(reply).await, |plan| {
        plan.property("headers.reg.exp.requestHeadersToRemove", "x-a-.*")
            .property("headers.reg.exp.requestHeadersToKeep", "X-A-KEEP")
            .property("headers.reg.exp.responseHeadersToRemove", "(?i)X-B-.*")
            .property("headers.reg.exp.responseHeadersToKeep", "x-b-two")
    })
    .await;
    let answer = c0.call(call().header("X-A-Gone", "x").header("x-a-keep", "x").header("my-x-a-one", "x")).await;
    assert_eq!((answer.header("x-b-one"), answer.header("x-b-two")), (None, Some("2")));
    let call = c0.producer.only().await;
    assert_eq!((header(&call, "x-a-gone"), header(&call, "x-a-keep")), (None, Some("x")));
    assert_eq!(header(&call, "my-x-a-one"), Some("x"), "patterns match whole names");
}

async fn host_and_connection() {
    let c0 = C0::start().await;
    c0.call(call()).await.is_passed_on(ANSWER);
    let sent = c0.producer.only().await;
    assert_eq!(header(&sent, "Host"), Some(c0.producer.authority().as_str()));
    assert_eq!(header(&sent, "Connection"), Some("keep-alive"));
    for property in [("producer.http.keepAlive", "false"), ("producer.http.disconnect", "true")] {
        let faulty =
            Faulty::with(Socket::always(Act::Write(ok(ANSWER))).await, |plan| plan.property(property.0, property.1))
                .await;
        for _ in 0..2 {
            faulty.call(call()).await.is_passed_on(ANSWER);
        }
        let sent = String::from_utf8(faulty.socket.asked().remove(0)).expect("text").to_ascii_lowercase();
        assert!(sent.contains("\r\nconnection: close\r\n"), "{sent}");
        assert_eq!(faulty.socket.connections(), 2, "{property:?}");
    }
    let faulty = Faulty::start(Socket::always(Act::Write(ok(ANSWER))).await).await;
    for _ in 0..3 {
        faulty.call(call()).await.is_passed_on(ANSWER);
    }
    assert_eq!(faulty.socket.connections(), 1, "connections are kept alive");
}

async fn chunked() {
    let socket = Socket::always(Act::Write(ok(ANSWER))).await;
    let faulty = Faulty::with(socket, |plan| plan.property("producer.chunked.encoding", "true")).await;
    faulty.call(call()).await.is_passed_on(ANSWER);
    let sent = String::from_utf8(faulty.socket.asked().remove(0)).expect("text");
    assert!(sent.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked\r\n"), "{sent}");
    assert!(!sent.to_ascii_lowercase().contains("content-length"), "{sent}");
    assert!(sent.ends_with("\r\n0\r\n\r\n") && sent.contains(&gc("HttpProducer")), "{sent}");
    // A consumer's own chunks are put together before anything else happens.
    let faulty = Faulty::start(Socket::always(Act::Write(ok(ANSWER))).await).await;
    let message = gc("HttpProducer");
    let (one, two) = message.split_at(100);
    let pieces = format!("{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n", one.len(), two.len());
    let ask = Ask::post(pieces).internal("tp").header("Transfer-Encoding", "chunked");
    faulty.call(ask).await.is_passed_on(ANSWER);
    assert_eq!(body(&faulty.socket.asked()[0]), message.as_bytes());
}

async fn method() {
    let c0 = C0::start().await;
    for method in ["PUT", "DELETE", "PATCH", "GET", "PROPFIND"] {
        c0.call(call().method(method)).await.is_passed_on(ANSWER);
        assert_eq!(c0.producer.asked().await.last().expect("a call").method.as_str(), method);
    }
}

async fn query() {
    let c0 = C0::start().await;
    c0.call(Ask::post(gc("HttpsProducerWsdl")).internal("tp").at("/vp?MyParam=value&x=y")).await.is_passed_on(ANSWER);
    let call = c0.producer.only().await;
    assert_eq!((call.url.path(), call.url.query()), ("/p2/", Some("MyParam=value&x=y")));
    assert_eq!((header(&call, "MyParam"), header(&call, "x")), (Some("value"), Some("y")));
    // Identity is ours to say, whatever stands in a query.
    c0.call(Ask::post(gc("HttpProducer")).internal("tp").at("/vp?x-vp-sender-id=other&Host=x"))
        .await
        .is_passed_on(ANSWER);
    let call = c0.producer.asked().await.pop().expect("a call");
    assert_eq!(header(&call, "x-vp-sender-id"), Some("tp"));
}

async fn answer_headers() {
    let headers = [
        ("Content-Type", "application/json"),
        ("Server", "producer/1"),
        ("Date", "Mon, 02 Mar 2026 12:00:00 GMT"),
        ("Cache-Control", "no-cache"),
        ("Via", "x"),
        ("Set-Cookie", "a=b"),
        ("Set-Cookie", "c=d"),
        ("Content-Encoding", "gzip"),
        ("x-skltp-prt", "the producer's own"),
        ("x-rivta-routing-history", "a#b"),
    ];
    let faulty = Faulty::start(Socket::always(Act::Write(answer("201 Created", &headers, "not gzip"))).await).await;
    let answer = faulty.call(call()).await;
    assert_eq!((answer.status, answer.text().as_str()), (201, "not gzip"));
    assert_eq!(answer.all("Set-Cookie"), ["a=b", "c=d"]);
    assert_eq!(answer.header("Server"), Some("producer/1"));
    assert_eq!(answer.header("Content-Encoding"), Some("gzip"));
    assert_eq!(answer.header("x-rivta-routing-history"), Some("a#b"));
    assert!(answer.header("x-skltp-prt").is_some_and(|time| time.parse::<u64>().is_ok()));
    assert_eq!(answer.header("Content-Type"), Some("text/xml; charset=UTF-8"));
    assert_eq!((answer.header("Date"), answer.header("Cache-Control"), answer.header("Via")), (None, None, None));
}

async fn addresses() {
    let producer = Producer::start().await;
    let authority = producer.authority();
    let cases = [
        (format!("http://user:secret@{authority}/p1#part"), "/p1", None, true),
        (format!("http://{authority}"), "/", None, true),
        (format!("http://{authority}/p1?a=b#part"), "/p1", Some("a=b"), true),
        (format!("HTTP://{authority}/p1"), "/p1", None, false),
        (format!("HTTPS://{authority}/p1"), "/p1", None, false),
    ];
    let mut c0 = C0::before(producer, |plan| plan).await;
    for (url, path, query, plain) in cases {
        let producer = Producer::start().await;
        let url = url.replace(&authority, &producer.authority());
        c0 = C0::before(producer, |plan: Plan| plan.change(|tak| tak.move_route(GC, "HttpProducer", &url))).await;
        c0.call(call()).await.is_passed_on(ANSWER);
        let call = c0.producer.only().await;
        assert_eq!((call.url.path(), call.url.query()), (path, query), "{url}");
        assert_eq!(header(&call, "Host"), Some(c0.producer.authority().as_str()), "{url}");
        assert_eq!(header(&call, "Authorization"), None, "{url}");
        assert_eq!(header(&call, "x-vp-sender-id").is_some(), plain, "{url}");
    }
    drop(c0);
}
