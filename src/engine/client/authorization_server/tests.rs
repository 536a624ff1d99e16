//! Real servers that try to make the client send a form twice, or somewhere else.

use std::sync::Mutex;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::error::Phase;
use crate::http::testing::http2::Http2Server;
use crate::http::testing::tls::{acceptor, authority, certificate, https, trusting};
use crate::http::testing::{Server, listen, read_request};
use crate::http::{ProxyOptions, TlsOptions, TransportOptions};
use crate::source::Source;

const DEADLINE: Duration = Duration::from_secs(20);
const SECRET: &str = "r1 & secret";

fn open(options: &TransportOptions) -> AuthorizationServer {
    AuthorizationServer::new(&HyperTransport::new(options).unwrap(), options.allow_insecure, DEADLINE)
}

fn plain() -> AuthorizationServer {
    open(&TransportOptions::default())
}

fn form(url: &Url) -> Form {
    let mut form = Form::new(url.join("/token?tenant=s3cr3t").unwrap());
    form.add("grant_type", Secret::new("refresh_token".into()));
    form.add("refresh_token", Secret::new(SECRET.into()));
    form.headers.push((HeaderName::from_static("authorization"), HeaderValue::from_static("Basic s3cr3t")));
    form
}

fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

fn assert_silent(failed: &NotAnswered) {
    let shown = format!("{failed:?} {}", failed.error);
    assert!(!shown.contains("s3cr3t") && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn one_post_with_what_a_token_endpoint_needs() {
    let headers = "retry-after: 7\r\ndpop-nonce: n1\r\ncontent-type: application/json\r\nwww-authenticate: Basic a=b\r\nwww-authenticate: DPoP\r\n";
    let server = Server::answering(vec![response("400 Bad Request", headers, "{\"error\":\"x\"}")]).await;
    let answer = plain().post(form(&server.url)).await.unwrap();
    assert_eq!((answer.status, answer.body.expose()), (400, "{\"error\":\"x\"}"));
    assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    assert_eq!(answer.dpop_nonce.as_deref(), Some("n1"));
    assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    assert_eq!(answer.challenge.as_deref(), Some("Basic a=b, DPoP"));
    let request = server.request(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /token?tenant=s3cr3t HTTP/1.1\r\n"), "{head}");
    assert_eq!(body, "grant_type=refresh_token&refresh_token=r1+%26+secret");
    for line in [
        "accept: application/json",
        "content-type: application/x-www-form-urlencoded",
        "authorization: Basic s3cr3t",
        "user-agent: token-rotator/",
    ] {
        assert!(head.to_lowercase().contains(&line.to_lowercase()), "{line} in {head}");
    }
    assert!(!head.to_lowercase().contains("referer"), "{head}");
}

#[tokio::test]
async fn nothing_is_sent_over_a_connection_that_comes_too_late() {
    let server = Server::answering(vec![response("200 OK", "", "{}")]).await;
    let late = Form { permit: Permit::new(|| false), ..form(&server.url) };
    let failed = plain().post(late).await.unwrap_err();
    assert!(!failed.sent);
    assert_silent(&failed);
    let allowed = Form { permit: Permit::new(|| true), ..form(&server.url) };
    assert_eq!(plain().post(allowed).await.unwrap().status, 200);
    assert_eq!((server.count(), *server.connections.lock().unwrap()), (1, 2));
}

#[tokio::test]
async fn metadata_is_got() {
    let server = Server::answering(vec![response("200 OK", "", "{}")]).await;
    let answer = plain().get(server.url("/.well-known/x")).await.unwrap();
    assert_eq!((answer.status, answer.body.expose()), (200, "{}"));
    assert!(server.request(0).starts_with("GET /.well-known/x HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        let server = Server::answering(vec![
            response(status, "location: /elsewhere\r\n", ""),
            response("200 OK", "", "{\"access_token\":\"a1\"}"),
        ])
        .await;
        let answer = plain().post(form(&server.url)).await.unwrap();
        assert_eq!((answer.status, server.count()), (status[..3].parse().unwrap(), 1));
    }
}

#[tokio::test]
async fn no_connection_is_kept() {
    let answers = (0..3).map(|_| response("200 OK", "connection: keep-alive\r\n", "{}")).collect();
    let server = Server::answering(answers).await;
    let client = plain();
    for _ in 0..3 {
        client.post(form(&server.url)).await.unwrap();
    }
    assert_eq!((server.count(), *server.connections.lock().unwrap()), (3, 3));
}

/// The end of a connection on which a form came.
type End = fn(TcpStream) -> BoxFuture<'static, ()>;

/// Reads a request on each connection and treats the connection as `end` says. Returns how often a form came.
async fn provoke(end: End) -> (Result<Answer, NotAnswered>, usize) {
    let (listener, url) = listen().await;
    let forms = Arc::new(Mutex::new(0));
    let count = Arc::clone(&forms);
    let serving = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if read_request(&mut stream).await.is_some() {
                *count.lock().unwrap() += 1;
                end(stream).await;
            }
        }
    });
    let answer = plain().post(form(&url)).await;
    serving.abort();
    let forms = *forms.lock().unwrap();
    (answer, forms)
}

#[tokio::test]
async fn a_connection_that_breaks_is_ambiguous_and_sends_nothing_again() {
    let ends: [End; 4] = [
        |stream| Box::pin(async move { drop(stream) }),
        // A reset in place of an orderly end.
        |stream| {
            Box::pin(async move {
                stream.set_zero_linger().unwrap();
                drop(stream);
            })
        },
        |mut stream| {
            Box::pin(async move { stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-le").await.unwrap() })
        },
        |mut stream| {
            Box::pin(async move {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"access").await.unwrap();
            })
        },
    ];
    for end in ends {
        let (answer, forms) = provoke(end).await;
        let failed = answer.unwrap_err();
        assert!(failed.sent && matches!(failed.error, Error::Network { .. }), "{failed:?}");
        assert_eq!(forms, 1);
        assert_silent(&failed);
    }
}

#[tokio::test]
async fn a_status_that_invites_to_send_again_is_an_answer() {
    let ends: [(u16, End); 3] = [
        (408, |mut stream| {
            Box::pin(async move {
                let answer = response("408 Request Timeout", "connection: close\r\n", "");
                stream.write_all(&answer).await.unwrap();
            })
        }),
        (421, |mut stream| {
            Box::pin(
                async move { stream.write_all(&response("421 Misdirected Request", "", "")).await.unwrap() },
            )
        }),
        (503, |mut stream| {
            Box::pin(async move {
                // The status tells, and the body breaks.
                stream
                    .write_all(b"HTTP/1.1 503 No\r\ncontent-length: 9\r\nretry-after: 0\r\n\r\n{")
                    .await
                    .unwrap();
            })
        }),
    ];
    for (status, end) in ends {
        let (answer, forms) = provoke(end).await;
        assert_eq!((answer.unwrap().status, forms), (status, 1));
    }
}

#[tokio::test]
async fn an_http2_server_that_goes_away_gets_no_second_form() {
    for refused in [true, false] {
        let server = Http2Server::new().await;
        let client = open(&server.options);
        let (answer, mut peer) = tokio::join!(client.post(form(&server.url)), async {
            let mut peer = server.peer(&[]).await;
            let stream = peer.request().await;
            if refused {
                peer.reset(stream, h2::Reason::REFUSED_STREAM).await;
            } else {
                peer.go_away(0, h2::Reason::NO_ERROR).await;
            }
            peer
        });
        let failed = answer.unwrap_err();
        assert!(!failed.sent, "the server says that it did not process the form: {failed:?}");
        while let Some(frame) = peer.frame().await {
            assert_ne!(frame.kind, crate::http::testing::http2::HEADERS, "a second form");
        }
    }
    let server = Http2Server::new().await;
    let client = open(&server.options);
    let (answer, _peer) = tokio::join!(client.post(form(&server.url)), async {
        let mut peer = server.peer(&[]).await;
        let stream = peer.request().await;
        peer.reset(stream, h2::Reason::INTERNAL_ERROR).await;
        peer
    });
    assert!(answer.unwrap_err().sent);
}

#[tokio::test]
async fn a_connection_that_was_never_made_sent_nothing() {
    let (listener, gone) = listen().await;
    drop(listener);
    let unknown = Url::parse("http://unknown.localhost.invalid/").unwrap();
    let (not_tls, url) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = not_tls.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let allowed = open(&TransportOptions { allow_insecure: true, ..TransportOptions::default() });
    for url in [gone, unknown, https(&url)] {
        let failed = allowed.post(form(&url)).await.unwrap_err();
        assert!(!failed.sent && matches!(failed.error, Error::Network { .. }), "{failed:?}");
        assert_silent(&failed);
    }
}

#[tokio::test]
async fn an_authority_that_nobody_trusts_gets_nothing() {
    let own = authority();
    let (listener, url) = listen().await;
    let acceptor = acceptor(&certificate(Some(&own), "localhost"), None, &["http/1.1"]);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                stream.write_all(&response("200 OK", "", "{}")).await.unwrap();
                let _ = stream.shutdown().await;
            }
        }
    });
    let stranger = open(&TransportOptions { tls: trusting(&authority()), ..TransportOptions::default() });
    let failed = stranger.post(form(&https(&url))).await.unwrap_err();
    assert!(!failed.sent);
    assert!(matches!(failed.error, Error::Network { fault: Fault::BadSignature, .. }), "{failed:?}");
    let friend = open(&TransportOptions { tls: trusting(&own), ..TransportOptions::default() });
    assert_eq!(friend.post(form(&https(&url))).await.unwrap().status, 200);
}

#[tokio::test]
async fn the_certificate_of_the_client_is_shown() {
    let own = authority();
    let (listener, url) = listen().await;
    let acceptor = acceptor(&certificate(Some(&own), "localhost"), Some(&own), &["h2", "http/1.1"]);
    let (cert, key) = certificate(Some(&own), "app");
    let tls = TlsOptions { cert: Some(cert.into()), key: Some(key.into()), ..trusting(&own) };
    let client = open(&TransportOptions { tls, ..TransportOptions::default() });
    let (shown, _answer) = tokio::join!(
        async {
            let (stream, _) = listener.accept().await.unwrap();
            let stream = acceptor.accept(stream).await.unwrap();
            stream.get_ref().1.peer_certificates().is_some_and(|chain| chain.len() == 1)
        },
        client.post(form(&https(&url)))
    );
    assert!(shown);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_read_leaves_the_form_unsent() {
    let file = |name: &str| Some(Source::file(format!("/nowhere/{name}")));
    let tls = TlsOptions { cert: file("cert"), key: file("key"), ..TlsOptions::default() };
    let (_listener, url) = listen().await;
    let failed =
        open(&TransportOptions { tls, ..TransportOptions::default() }).post(form(&https(&url))).await;
    let failed = failed.unwrap_err();
    assert!(!failed.sent && failed.error.to_string().contains("/nowhere/"), "{failed:?}");
}

#[tokio::test]
async fn plain_http_beyond_this_machine_is_refused() {
    let url = Url::parse("http://auth.example/").unwrap();
    let failed = plain().post(form(&url)).await.unwrap_err();
    assert!(!failed.sent);
    assert_eq!(failed.error, Error::InsecureTransport { origin: "http://auth.example".into() });
    let with_password = Url::parse("https://user:s3cr3t@auth.example/").unwrap();
    let failed = plain().post(Form::new(with_password)).await.unwrap_err();
    assert!(!failed.sent && matches!(failed.error, Error::InvalidOption { .. }), "{failed:?}");
    assert_silent(&failed);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_left() {
    // A number of its own, so that a limit that grew by mistake fails here.
    let limit = 256 * 1024;
    let large = "x".repeat(limit + 1);
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
        large.len()
    );
    for answer in [response("200 OK", "", &large), chunked.into_bytes()] {
        let server = Server::answering(vec![answer]).await;
        assert_eq!(plain().post(form(&server.url)).await.unwrap().body.expose(), "");
    }
    let fits = "x".repeat(limit);
    let server = Server::answering(vec![response("200 OK", "", &fits)]).await;
    assert_eq!(plain().post(form(&server.url)).await.unwrap().body.expose(), fits);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_replaced() {
    let mut answer = b"HTTP/1.1 400 Bad\r\ncontent-length: 3\r\n\r\n".to_vec();
    answer.extend([b'{', 0xe9, b'}']);
    let server = Server::answering(vec![answer]).await;
    assert_eq!(plain().post(form(&server.url)).await.unwrap().body.expose(), "{\u{fffd}}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        std::future::pending::<()>().await;
    });
    let failed = plain().post(form(&url)).await.unwrap_err();
    assert!(failed.sent);
    assert_eq!(failed.error, Error::Timeout { phase: Phase::Response, after: DEADLINE });
}

#[tokio::test]
async fn the_proxy_of_the_client_is_used() {
    let proxied = |listener: &TcpListener, scheme: &str| {
        let proxy = format!("{scheme}://us3r:s3cr3t@{}", listener.local_addr().unwrap());
        let proxy = ProxyOptions { http: proxy.clone(), https: proxy, except: String::new(), loopback: true };
        open(&TransportOptions { proxy: Some(proxy), ..TransportOptions::default() })
    };
    let target = Url::parse("https://auth.example/").unwrap();
    let (listener, _) = listen().await;
    let client = proxied(&listener, "http");
    let (answer, request) = tokio::join!(client.post(form(&target)), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    assert!(request.starts_with("CONNECT auth.example:443 HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("proxy-authorization: basic dxmzcjpzm2nym3q="), "{request}");
    let failed = answer.unwrap_err();
    let text = failed.error.to_string();
    let name = format!("http://{}", listener.local_addr().unwrap());
    assert!(!failed.sent);
    assert!(
        text.starts_with(&format!("https://auth.example cannot be reached: its proxy {name} ")),
        "{text}"
    );
    assert_silent(&failed);

    let (listener, _) = listen().await;
    let client = proxied(&listener, "socks5h");
    let (answer, hello) = tokio::join!(client.post(form(&target)), async {
        use tokio::io::AsyncReadExt;
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 1];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    assert_eq!(hello, [5]);
    assert!(!answer.unwrap_err().sent);
}
