//! The redirects that are followed, and their headers and bodies.

use bytes::Bytes;
use http::HeaderValue;

use super::*;
use crate::http::testing::headers;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn decided(mode: RedirectMode, method: &Method, status: u16, location: &str) -> Result<Option<Hop>, Error> {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, HeaderValue::from_bytes(location.as_bytes()).unwrap());
    let from = url("https://a.example/dir/page?q#part");
    decide(mode, false, (method, &from), (StatusCode::from_u16(status).unwrap(), &headers))
}

#[test]
fn methods_change_as_fetch_says() {
    let table = [
        // (status, method, next method, whether the body goes along)
        (301, "POST", "GET", false),
        (302, "POST", "GET", false),
        (303, "POST", "GET", false),
        (307, "POST", "POST", true),
        (308, "POST", "POST", true),
        (301, "PUT", "PUT", true),
        (302, "DELETE", "DELETE", true),
        (303, "PUT", "GET", false),
        (303, "DELETE", "GET", false),
        (301, "HEAD", "HEAD", true),
        (303, "HEAD", "HEAD", true),
        (303, "GET", "GET", true),
        (307, "GET", "GET", true),
        (302, "PATCH", "PATCH", true),
        (303, "REPORT", "GET", false),
    ];
    for (status, method, next, keeps_body) in table {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let hop = decided(RedirectMode::SameOrigin, &method, status, "/next").unwrap().unwrap();
        assert_eq!((hop.method.as_str(), hop.keeps_body), (next, keeps_body), "{status} {method}");
    }
}

#[test]
fn only_redirects_with_a_location_are() {
    for mode in [RedirectMode::SameOrigin, RedirectMode::Follow, RedirectMode::Error, RedirectMode::Manual] {
        for status in [200, 201, 300, 304, 305, 306, 309, 400, 401] {
            assert_eq!(decided(mode, &Method::GET, status, "/next"), Ok(None), "{mode:?} {status}");
        }
        let nowhere = decide(
            mode,
            false,
            (&Method::GET, &url("https://a.example")),
            (StatusCode::FOUND, &HeaderMap::new()),
        );
        assert_eq!(nowhere.is_err(), mode == RedirectMode::Error, "{mode:?}");
    }
}

#[test]
fn each_mode_goes_as_far_as_it_says() {
    use RedirectMode::{Error as Refuse, Follow, Manual, SameOrigin};
    let home = Some("https://a.example/x");
    let away = Some("https://b.example/x");
    let table = [
        // (mode, location, where the next request goes; None: the response is the caller's; "": an error)
        (SameOrigin, "/x", home),
        (SameOrigin, "https://a.example:443/x", home),
        (SameOrigin, "//A.example/x", home),
        (SameOrigin, "https://b.example/x", Some("")),
        (SameOrigin, "//b.example/x", Some("")),
        (SameOrigin, "\\\\b.example/x", Some("")),
        (SameOrigin, "https://a.example:444/x", Some("")),
        (SameOrigin, "https://a.example.b.example/x", Some("")),
        (SameOrigin, "http://a.example/x", Some("")),
        (Follow, "/x", home),
        (Follow, "https://b.example/x", away),
        (Follow, "http://a.example/x", Some("")),
        (Follow, "http://localhost/x", Some("")),
        (Follow, "https://u:p@b.example/x", Some("")),
        (SameOrigin, "https://u@a.example/x", Some("")),
        (Follow, "ftp://b.example/x", Some("")),
        (Follow, "javascript:alert(1)", Some("")),
        (Follow, "data:,x", Some("")),
        (Follow, "https://", Some("")),
        (Follow, "https://b.example:99999/", Some("")),
        (Refuse, "/x", Some("")),
        (Refuse, "https://b.example/x", Some("")),
        (Manual, "/x", None),
        (Manual, "https://b.example/x", None),
        (Manual, "https://", None),
    ];
    for (mode, location, expected) in table {
        let next = match decided(mode, &Method::GET, 302, location) {
            Ok(hop) => hop.map(|mut hop| {
                assert_eq!(hop.leaves_origin, hop.url.host_str() != Some("a.example"));
                hop.url.set_fragment(None);
                String::from(hop.url)
            }),
            Err(error) => {
                assert_eq!(error.code(), "ERR_REDIRECT");
                assert!(!error.to_string().contains("/x") && !error.to_string().contains("page"), "{error}");
                Some(String::new())
            }
        };
        assert_eq!(next.as_deref(), expected, "{mode:?} {location}");
    }
}

#[test]
fn plain_http_stays_on_this_machine_unless_allowed() {
    let found = headers(&[("location", "http://intranet/")]);
    let from = url("http://localhost:1/");
    let decide =
        |allow| decide(RedirectMode::Follow, allow, (&Method::GET, &from), (StatusCode::FOUND, &found));
    assert_eq!(decide(false), Err(Error::InsecureTransport { origin: "http://intranet".into() }));
    assert_eq!(decide(true).unwrap().unwrap().url, url("http://intranet/"));
}

#[test]
fn the_fragment_stays_unless_there_is_a_new_one() {
    for (location, expected) in [
        ("x", "https://a.example/dir/x#part"),
        ("?p", "https://a.example/dir/page?p#part"),
        ("x#new", "https://a.example/dir/x#new"),
        ("x#", "https://a.example/dir/x#"),
        ("é", "https://a.example/dir/%C3%A9#part"),
    ] {
        let hop = decided(RedirectMode::SameOrigin, &Method::GET, 302, location).unwrap().unwrap();
        assert_eq!(hop.url.as_str(), expected);
    }
}

#[test]
fn a_location_that_means_nothing_is_refused() {
    let mut two = headers(&[("location", "/a"), ("location", "/b")]);
    let from = url("https://a.example/");
    for _ in 0..2 {
        let outcome = decide(RedirectMode::Follow, false, (&Method::GET, &from), (StatusCode::FOUND, &two));
        assert_eq!(outcome.unwrap_err().code(), "ERR_REDIRECT");
        two.insert(header::LOCATION, HeaderValue::from_bytes(b"http://[\xff").unwrap());
    }
}

#[test]
fn the_bytes_of_a_location_reach_the_server_as_it_wrote_them() {
    let from = url("https://a.example/dir/");
    let table: [(&[u8], &str); 4] = [
        (b"/caf\xe9?\xfc#\xdf", "https://a.example/caf%E9?%FC#%DF"),
        (b"caf\xc3\xa9", "https://a.example/dir/caf%C3%A9"),
        (b"/\xce\xbb\xfa%20", "https://a.example/%CE%BB%FA%20"),
        (b"https://a.example/\xff", "https://a.example/%FF"),
    ];
    for (location, to) in table {
        let mut found = HeaderMap::new();
        found.insert(header::LOCATION, HeaderValue::from_bytes(location).unwrap());
        let hop = decide(RedirectMode::SameOrigin, false, (&Method::GET, &from), (StatusCode::FOUND, &found));
        assert_eq!(hop.unwrap().unwrap().url.as_str(), to);
    }
}

#[test]
fn headers_that_another_origin_gets() {
    let mut carried = headers(&[
        ("authorization", "t"),
        ("proxy-authorization", "t"),
        ("cookie", "t"),
        ("x-api-key", "t"),
        ("x-custom", "t"),
        ("host", "t"),
        ("origin", "t"),
        ("referer", "t"),
        ("idempotency-key", "t"),
        ("content-length", "4"),
        ("accept", "a/b"),
        ("accept-encoding", "gzip"),
        ("accept-language", "en"),
        ("user-agent", "me"),
        ("content-type", "c/d"),
        ("content-encoding", "gzip"),
    ]);
    carried.append("x-custom", HeaderValue::from_static("second"));
    let mut secret = HeaderValue::from_static("t");
    secret.set_sensitive(true);
    carried.append("accept-language", secret);
    let request = WireRequest {
        method: Method::POST,
        url: url("https://a.example/"),
        headers: carried,
        body: Bytes::from_static(b"body").into(),
    };
    let total = request.headers.len();
    let hop = |keeps_body, leaves_origin| Hop {
        url: url("https://b.example/"),
        method: Method::POST,
        keeps_body,
        leaves_origin,
    };

    let all = follow(hop(true, false), &request);
    assert_eq!((all.headers.len(), all.body.bytes()), (total, &b"body"[..]));
    let bodiless = follow(hop(false, false), &request);
    assert_eq!((bodiless.headers.len(), bodiless.body.bytes()), (total - 3, &b""[..]));
    assert!(bodiless.headers.contains_key("authorization") && !bodiless.headers.contains_key("content-type"));

    for (keeps_body, expected) in [
        (
            true,
            "accept accept-encoding accept-language content-encoding content-length content-type user-agent",
        ),
        (false, "accept accept-encoding accept-language user-agent"),
    ] {
        let crossed = follow(hop(keeps_body, true), &request);
        let mut names: Vec<_> = crossed.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names.join(" "), expected);
        assert!(crossed.headers.values().all(|value| value != "t"));
        assert_eq!(crossed.body.is_empty(), !keeps_body);
    }
}
