//! Whole exchanges over real sockets: limits, redirects on the wire, broken servers, phases.

use std::fmt::Write as _;

use tokio::io::AsyncWriteExt;

use super::*;
use crate::fault::Fault;
use crate::http::testing::{Server, get, headers, listen, read_request, rules, transport, whole};

/// Runs one exchange, and returns its outcome and its phase.
async fn run(request: &WireRequest, rules: &Rules) -> (Result<Box<Response>, Error>, PhaseCell) {
    let phase = PhaseCell::default();
    (whole(exchange(&transport(), request, rules, &phase).await).await, phase)
}

async fn answer(response: impl Into<Vec<u8>>) -> (Result<Box<Response>, Error>, PhaseCell) {
    let server = Server::answering(vec![response.into()]).await;
    run(&get(server.url("/s3cr3t?s3cr3t")), &rules()).await
}

fn network_code(error: &Error) -> &'static str {
    let Error::Network { fault, .. } = error else { panic!("{error:?}") };
    let message = error.to_string();
    assert!(!message.contains("s3cr3t"), "{message}");
    assert!(message.starts_with("http://127.0.0.1:"), "{message}");
    fault.code().unwrap()
}

fn encoded(encoding: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// `hello` by Python's gzip.compress(b"hello", mtime=0).
const GZIPPED_HELLO: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00";

/// Gzip of a zero byte, and then `repeats` times "repeat the last byte 258 times".
fn gzip_bomb(repeats: usize) -> Vec<u8> {
    // A final block with fixed codes (RFC 1951 §3.2.6): 1, 01; literal 0; then length 258 and distance 1 each.
    let bits = "110".to_owned() + "00110000" + &("11000101".to_owned() + "00000").repeat(repeats);
    let bytes =
        bits.as_bytes().chunks(8).map(|byte| byte.iter().rev().fold(0, |sum, bit| sum << 1 | (bit - b'0')));
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff".iter().copied().chain(bytes).collect()
}

/// Zstandard in run-length blocks: 4 bytes for 128 KiB.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    let frame = b"\x28\xb5\x2f\xfd\x00\x58";
    let block = (128 * 1024_u32) << 3 | 1 << 1;
    let block = [&block.to_le_bytes()[..3], b"\0"].concat();
    [frame, block.repeat(blocks).as_slice()].concat()
}

#[tokio::test]
async fn sends_what_it_was_given_and_little_else() {
    let server = Server::answering(vec![
            b"HTTP/1.1 299 So So\r\nx-one: 1\r\nx-two: a\r\nx-two: b\r\ncontent-length: 2\r\n\r\nhi".to_vec();
            2
        ])
    .await;
    let mut request = get(server.url("/path?query#fragment"));
    let (response, phase) = run(&request, &rules()).await;
    let response = response.unwrap();
    assert_eq!((response.status, &*response.reason, &response.body[..]), (299, "So So", &b"hi"[..]));
    assert_eq!((response.url, response.redirected), (request.url.clone(), false));
    assert_eq!(response.headers.get_all("x-two").iter().count(), 2);
    assert_eq!(phase.get(), Phase::Body);
    let port = server.url.port().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        server.request(0),
        format!(
            "GET /path?query HTTP/1.1\r\naccept: */*\r\nuser-agent: token-rotator/{version}\r\naccept-encoding: gzip, deflate, br, zstd\r\nhost: 127.0.0.1:{port}\r\n\r\n"
        ),
    );

    request.method = Method::POST;
    request.body = Bytes::from_static(b"body").into();
    request.headers =
        headers(&[("user-agent", "mine"), ("accept", "a/b"), ("accept-encoding", "identity"), ("host", "h")]);
    run(&request, &rules()).await.0.unwrap();
    assert_eq!(
        server.request(1),
        "POST /path?query HTTP/1.1\r\nuser-agent: mine\r\naccept: a/b\r\naccept-encoding: identity\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody",
    );
}

#[tokio::test]
async fn the_length_is_the_bodys_own() {
    let server = Server::answering(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(); 4]).await;
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        let request = WireRequest { method, ..get(server.url("/")) };
        run(&request, &rules()).await.0.unwrap();
    }
    for index in 0..3 {
        assert_eq!(
            server.request(index).matches("content-length: 0\r\n").count(),
            1,
            "{}",
            server.request(index)
        );
    }
    let request = WireRequest {
        method: Method::POST,
        headers: headers(&[("content-length", "10"), ("transfer-encoding", "chunked")]),
        body: Bytes::from_static(b"body").into(),
        ..get(server.url("/"))
    };
    run(&request, &rules()).await.0.unwrap();
    assert!(server.request(3).ends_with("content-length: 4\r\n\r\nbody"), "{}", server.request(3));
}

#[tokio::test]
async fn keeps_connections() {
    let server = Server::answering(vec![b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_vec(); 3]).await;
    let transport = transport();
    for _ in 0..3 {
        let phase = PhaseCell::default();
        let response = exchange(&transport, &get(server.url("/")), &rules(), &phase).await.unwrap();
        assert_eq!((&*response.reason, &response.body[..]), ("OK", &b"hi"[..]));
        // The connection goes back to the pool in a task of its own.
        tokio::task::yield_now().await;
    }
    assert_eq!(*server.connections.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let limit = usize::try_from(rules().limits.size).unwrap();
    for (length, fits) in [(limit, true), (limit + 1, false)] {
        let body = "x".repeat(length);
        let counted = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let chunked = format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
            &body[..7],
            length - 7,
            &body[7..]
        );
        let until_close = format!(
            "HTTP/1.0 200 OK\r\ncontent-encoding: identity\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        for response in [counted, chunked, until_close] {
            match answer(response).await.0 {
                Ok(response) => assert!(fits && response.body == body.as_bytes()),
                Err(error) => assert!(!fits && error == Error::TooLarge { limit: limit as u64 }, "{error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_length_above_the_limit_is_refused_unread() {
    let (outcome, phase) = answer("HTTP/1.1 200 OK\r\ncontent-length: 4611686018427387904\r\n\r\n").await;
    assert_eq!(outcome.unwrap_err(), Error::TooLarge { limit: 64 * 1024 });
    assert_eq!(phase.get(), Phase::Body);
}

#[tokio::test]
async fn decodes() {
    let response = answer(encoded("gzip", GZIPPED_HELLO)).await.0.unwrap();
    assert_eq!(&response.body[..], b"hello");
    assert!(!response.headers.contains_key("content-encoding"));
    assert!(!response.headers.contains_key("content-length"));
    let unknown = answer(encoded("rot13", b"uryyb")).await.0.unwrap();
    assert_eq!(
        (&unknown.body[..], unknown.headers["content-encoding"].as_bytes()),
        (&b"uryyb"[..], &b"rot13"[..])
    );
}

#[tokio::test]
async fn counts_decoded_bytes() {
    let fits = gzip_bomb(10);
    assert!(fits.len() < 32);
    // Its end is missing, which shows that a body under the limit is read to it.
    assert_eq!(network_code(&answer(encoded("gzip", &fits)).await.0.unwrap_err()), "Z_BUF_ERROR");
    for bomb in [encoded("gzip", &gzip_bomb(40_000)), encoded("zstd", &zstd_bomb(1000))] {
        assert!(bomb.len() < 66_000);
        assert_eq!(answer(bomb).await.0.unwrap_err(), Error::TooLarge { limit: 64 * 1024 });
    }
}

#[tokio::test]
async fn names_broken_compression() {
    let short = &GZIPPED_HELLO[..GZIPPED_HELLO.len() - 6];
    assert_eq!(network_code(&answer(encoded("gzip", short)).await.0.unwrap_err()), "Z_BUF_ERROR");
    for encoding in ["gzip", "br", "deflate", "zstd"] {
        let error = answer(encoded(encoding, b"\xff\xfe plainly not")).await.0.unwrap_err();
        assert_eq!(network_code(&error), "Z_DATA_ERROR", "{encoding}");
    }
}

#[tokio::test]
async fn some_answers_have_no_body_whatever_their_headers_say() {
    let server = Server::answering(vec![encoded("gzip", b"")]).await;
    let head = WireRequest { method: Method::HEAD, ..get(server.url("/")) };
    assert_eq!(run(&head, &rules()).await.0.unwrap().body, "");
    for status in ["204 No Content", "304 Not Modified"] {
        let response =
            format!("HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\ncontent-length: 100000\r\n\r\n");
        assert_eq!(answer(response).await.0.unwrap().body, "");
    }
}

#[tokio::test]
async fn follows_redirects_of_the_origin() {
    let to = |path: &str| {
        format!("HTTP/1.1 303 See Other\r\nlocation: {path}\r\ncontent-length: 0\r\n\r\n").into_bytes()
    };
    let last = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone".to_vec();
    let server = Server::answering(vec![to("next"), to("/last?x"), last]).await;
    let request = WireRequest {
        method: Method::POST,
        headers: headers(&[("authorization", "secret"), ("content-type", "text/plain")]),
        body: Bytes::from_static(b"body").into(),
        ..get(server.url("/dir/first#part"))
    };
    let response = run(&request, &rules()).await.0.unwrap();
    assert_eq!(
        (response.url, response.redirected, &response.body[..]),
        (server.url("/last?x#part"), true, &b"done"[..])
    );
    assert!(server.request(0).starts_with("POST /dir/first ") && server.request(0).ends_with("body"));
    for (index, start) in [(1, "GET /dir/next HTTP"), (2, "GET /last?x HTTP")] {
        let sent = server.request(index);
        assert!(sent.starts_with(start) && sent.ends_with("\r\n\r\n"), "{sent}");
        assert!(sent.contains("authorization: secret") && !sent.contains("content-"), "{sent}");
    }
}

#[tokio::test]
async fn a_secret_neither_crosses_nor_comes_back() {
    let redirect =
        |to: &Url| format!("HTTP/1.1 307 Go\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").into_bytes();
    let (listener, home) = listen().await;
    let last = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec();
    let away = Server::answering(vec![redirect(&home)]).await;
    drop(listener);
    let listener = tokio::net::TcpListener::bind(home.socket_addrs(|| None).unwrap()[0]).await.unwrap();
    let answers = [redirect(&away.url), last];
    let at_home = tokio::spawn(async move {
        let mut seen = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            seen.push(read_request(&mut stream).await.unwrap());
            stream.write_all(&[&answer[..]].concat()).await.unwrap();
        }
        seen
    });
    let request = WireRequest {
        method: Method::POST,
        headers: headers(&[
            ("authorization", "secret"),
            ("x-custom", "secret"),
            ("accept", "a/b"),
            ("content-type", "c/d"),
        ]),
        body: Bytes::from_static(b"body").into(),
        ..get(home.clone())
    };
    // A new connection for each hop, since each answer at home comes on a connection of its own.
    let rules = Rules { redirect: RedirectMode::Follow, ..rules() };
    let transport = transport_without_pool();
    let response = exchange(&transport, &request, &rules, &PhaseCell::default()).await.unwrap();
    assert_eq!((response.url, response.redirected), (home, true));
    let at_home = at_home.await.unwrap();
    assert!(at_home[0].contains("authorization: secret") && at_home[0].contains("x-custom: secret"));
    for sent in [&away.request(0), &at_home[1]] {
        assert!(!sent.contains("secret"), "{sent}");
        assert!(
            sent.contains("accept: a/b") && sent.contains("content-type: c/d") && sent.ends_with("body"),
            "{sent}"
        );
    }
}

fn transport_without_pool() -> impl Transport {
    crate::http::HyperTransport::new(&crate::http::TransportOptions::default()).unwrap()
}

#[tokio::test]
async fn gives_up_on_a_loop() {
    let again = b"HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n".to_vec();
    let server = Server::answering(vec![again; 100]).await;
    let error = run(&get(server.url("/")), &rules()).await.0.unwrap_err();
    assert!(matches!(&error, Error::Redirect { kind: RedirectKind::TooMany { limit: 20 }, .. }), "{error}");
    assert_eq!(server.count(), 21);
}

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let (listener, url) = listen().await;
    drop(listener);
    let (outcome, phase) = run(&get(url), &rules()).await;
    assert_eq!(network_code(&outcome.unwrap_err()), "ECONNREFUSED");
    assert_eq!(phase.get(), Phase::Connect);
    assert!(phase.provably_unsent());
}

#[tokio::test]
async fn a_refused_connection_after_a_redirect_proves_nothing() {
    let (listener, url) = listen().await;
    drop(listener);
    let answer = format!("HTTP/1.1 307 Go\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
    let server = Server::answering(vec![answer.into_bytes()]).await;
    let rules = Rules { redirect: RedirectMode::Follow, ..rules() };
    let (outcome, phase) = run(&get(server.url("/")), &rules).await;
    assert_eq!(network_code(&outcome.unwrap_err()), "ECONNREFUSED");
    assert!(!phase.provably_unsent());
}

#[tokio::test]
async fn names_what_a_broken_server_did() {
    let mut many = "HTTP/1.1 200 OK\r\n".to_owned();
    for index in 0..2001 {
        write!(many, "{index:x}:\r\n").unwrap();
    }
    many += "\r\n";
    let table = [
        ("", "ECONNRESET"),
        ("HTTP/1.1 200 OK\r\ncontent-", "ECONNRESET"),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", "HPE_INVALID_CONSTANT"),
        ("HTTP/1.1 abc OK\r\n\r\n", "HPE_INVALID_STATUS"),
        ("HTTP/1.1 200 OK\r\nbad header: s3cr3t\r\n\r\n", "HPE_INVALID_CONSTANT"),
        (&many, "HPE_INVALID_CONSTANT"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort", "ECONNRESET"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "ECONNRESET"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "HPE_UNEXPECTED_CONTENT_LENGTH",
        ),
    ];
    for (response, code) in table {
        let (listener, url) = listen().await;
        let response = response.to_owned();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await.unwrap();
            stream.write_all(response.as_bytes()).await.unwrap();
        });
        let (outcome, phase) = run(&get(url.join("/s3cr3t").unwrap()), &rules()).await;
        assert_eq!(network_code(&outcome.unwrap_err()), code);
        assert!(!phase.provably_unsent());
    }
}

#[tokio::test]
async fn a_head_may_have_many_fields_and_folded_ones() {
    let mut many = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n".to_owned();
    for index in 0..1999 {
        write!(many, "x-{index}: x\r\n").unwrap();
    }
    let response = answer(many + "\r\nok").await.0.unwrap();
    assert_eq!((response.headers.len(), &response.body[..]), (2000, &b"ok"[..]));
    let folded = "HTTP/1.1 200 OK\r\nx-a: 1\r\n\t 2 \r\n 3\r\nx-b:\r\n 4\r\ncontent-length: 2\r\n\r\nok";
    let response = answer(folded).await.0.unwrap();
    assert_eq!((response.headers["x-a"].as_bytes(), &response.body[..]), (&b"1 2 3"[..], &b"ok"[..]));
    assert_eq!(response.headers["x-b"].to_str().unwrap().trim(), "4");
}

#[tokio::test]
async fn a_folded_line_must_not_say_where_the_body_ends() {
    let framing = [
        "content-length:\r\n 2\r\n",
        "content-length: 2\r\n \r\n",
        "content-length: 2\r\n 2\r\n",
        "transfer-encoding:\r\n chunked\r\n",
        "transfer-encoding: chunked\r\n\t\r\n",
        "transfer-encoding: chun\r\n ked\r\n",
        "transfer-encoding: chunked\r\n x\r\n",
    ];
    for line in framing {
        let whole = format!("HTTP/1.1 200 OK\r\n{line}\r\n2\r\nok\r\n0\r\n\r\n");
        for answered in [whole.clone(), whole.replace('\r', ""), format!("HTTP/1.1 103 Early\r\n\r\n{whole}")]
        {
            let error = answer(answered).await.0.unwrap_err();
            assert!(network_code(&error).starts_with("HPE_"), "{line}");
        }
    }
}

#[tokio::test]
async fn a_reset_in_the_middle_of_a_body_is_one() {
    let (listener, url) = listen().await;
    let phase = PhaseCell::default();
    let watcher = phase.clone();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nshort").await.unwrap();
        until(&watcher, Phase::Body).await;
        stream.set_zero_linger().unwrap();
    });
    let error = exchange(&transport(), &get(url), &rules(), &phase).await.unwrap_err();
    assert_eq!(network_code(&error), "ECONNRESET");
    assert_eq!(phase.get(), Phase::Body);
}

#[tokio::test]
async fn shows_its_phase() {
    let (listener, url) = listen().await;
    let phase = PhaseCell::default();
    let watcher = phase.clone();
    assert_eq!(watcher.get(), Phase::Queue);
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..2 {
            read_request(&mut stream).await.unwrap();
            assert_eq!(watcher.get(), Phase::Response);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh").await.unwrap();
            until(&watcher, Phase::Body).await;
            stream.write_all(b"i").await.unwrap();
        }
    });
    let transport = transport();
    for _ in 0..2 {
        exchange(&transport, &get(url.clone()), &rules(), &phase).await.unwrap();
    }
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handshake_without_end_is_a_connect_that_times_out() {
    let (listener, url) = listen().await;
    let url = Url::parse(&url.as_str().replace("http:", "https:")).unwrap();
    let phase = PhaseCell::default();
    let watcher = phase.clone();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        assert_eq!(watcher.get(), Phase::Connect);
        // Says nothing for as long as the test lasts.
        std::future::pending::<()>().await;
        drop(stream);
    });
    let transport = transport_that_trusts_anyone();
    let error = exchange(&transport, &get(url), &rules(), &phase).await.unwrap_err();
    assert_eq!(
        error,
        Error::Timeout { phase: Phase::Connect, after: crate::http::connect::watch::CONNECT_TIMEOUT }
    );
    assert!(phase.provably_unsent());
    server.abort();
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_named() {
    let server = Server::answering(vec![]).await;
    let (listener, url) = listen().await;
    drop(server);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    });
    let url = Url::parse(&url.as_str().replace("http:", "https:")).unwrap();
    let phase = PhaseCell::default();
    let error = exchange(&transport_that_trusts_anyone(), &get(url), &rules(), &phase).await.unwrap_err();
    assert!(matches!(&error, Error::Network { fault: Fault::NotTls, .. }), "{error:?}");
    assert!(phase.provably_unsent());
}

/// Needs no certificate authorities on the machine that runs the tests.
fn transport_that_trusts_anyone() -> impl Transport {
    let mut options = crate::http::TransportOptions::default();
    options.tls.trust_anyone = true;
    crate::http::HyperTransport::new(&options).unwrap()
}

async fn until(phase: &PhaseCell, wanted: Phase) {
    while phase.get() != wanted {
        tokio::task::yield_now().await;
    }
}

#[test]
fn statuses_are_a_set_from_200_to_399() {
    let set: Statuses = [199, 200, 263, 264, 302, 399, 400, u16::MAX].into_iter().collect();
    let held: Vec<u16> = (0..=u16::MAX).filter(|status| set.contains(*status)).collect();
    assert_eq!(held, [200, 263, 264, 302, 399]);
}
