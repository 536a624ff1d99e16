//! Tests that need no server. The rest is tested with [`crate::http::exchange`].

use super::*;
use crate::http::testing::get;
use crate::http::testing::headers as pairs;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn urls_become_uris() {
    let table = [
        ("http://h", "http://h/"),
        ("https://h:443/a b?c d#e", "https://h/a%20b?c%20d"),
        ("http://user:s3cr3t@h:81/?#", "http://h:81/?"),
        ("http://user@h/@", "http://h/@"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://bücher.de/ü?ü#ü", "http://xn--bcher-kva.de/%C3%BC?%C3%BC"),
        (
            "http://h/a|b^c`d{e}[f]\"?a|b^c`d{e}[f]\\\"'",
            "http://h/a|b^c%60d%7Be%7D[f]%22?a|b^c`d{e}[f]\\%22%27",
        ),
    ];
    for (from, to) in table {
        let made = uri(&url(from)).unwrap();
        assert_eq!(made.to_string(), to);
        assert!(made.scheme().is_some() && made.authority().is_some());
    }
}

#[test]
fn a_url_that_http_cannot_carry_is_refused() {
    let longest = format!("http://h/{}", "x".repeat(LONGEST_URL - "http://h/".len()));
    assert_eq!(uri(&url(&longest)).unwrap().to_string(), longest);
    assert!(uri(&url(&longest.replace("//", "//user:s3cr3t@"))).is_ok());
    let error = uri(&url(&(longest + "s3cr3t"))).unwrap_err();
    assert_eq!(error, Error::invalid_option("url", "is longer than 65534 bytes, the most that can be sent"));
    for text in ["http://s3cr3t`/", "http://s3{cr}3t/"] {
        let error = uri(&url(text)).unwrap_err();
        assert_eq!(error, Error::invalid_option("url", "cannot be sent as an HTTP/1.1 request"));
    }
}

#[test]
fn a_range_is_asked_for_uncompressed() {
    let request = WireRequest { headers: pairs(&[("range", "bytes=0-9")]), ..get(url("http://h")) };
    assert_eq!(headers(&request)[ACCEPT_ENCODING], "identity");
}
