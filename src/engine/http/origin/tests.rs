//! How [`Origins`] reads every way to write a URL.

use proptest::prelude::*;

use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn origins(base: &str) -> Origins {
    Origins::new(Some(url(base)), vec![url("https://files.example:8443/ignored")], false)
}

#[test]
fn paths_are_appended_to_the_base() {
    let table = [
        // (base, reference, query, what is requested)
        ("https://x.example", "users", "", "https://x.example/users"),
        ("https://x.example", "/users", "", "https://x.example/users"),
        ("https://x.example/v1", "/users", "", "https://x.example/v1/users"),
        ("https://x.example/v1", "users", "", "https://x.example/v1/users"),
        ("https://x.example/v1/", "/users", "", "https://x.example/v1/users"),
        ("https://x.example/v1/", "users/", "", "https://x.example/v1/users/"),
        ("https://x.example/v1", "\\users", "", "https://x.example/v1/users"),
        ("https://x.example/v1", "", "", "https://x.example/v1"),
        ("https://x.example/v1", "?a=1", "", "https://x.example/v1?a=1"),
        ("https://x.example/v1", "#top", "", "https://x.example/v1#top"),
        ("https://x.example/v1?drop=1#drop", "users", "", "https://x.example/v1/users"),
        ("https://x.example/v1", "/../admin", "", "https://x.example/admin"),
        ("https://x.example/v1", "../../..", "", "https://x.example/"),
        ("https://x.example/v1", "/projects/x:cancel", "", "https://x.example/v1/projects/x:cancel"),
        ("https://x.example/v1", "/https://evil.example/", "", "https://x.example/v1/https://evil.example/"),
        ("https://x.example", "/mailto:a", "", "https://x.example/mailto:a"),
        ("https://x.example", "/@evil.example/", "", "https://x.example/@evil.example/"),
        ("https://x.example", "@evil.example/", "", "https://x.example/@evil.example/"),
        ("https://x.example", ".evil.example/", "", "https://x.example/.evil.example/"),
        ("https://x.example", ":80", "", "https://x.example/:80"),
        ("https://x.example/v1", " /users\n", "", "https://x.example/v1/users"),
        ("https://x.example/v1", "/us\ters", "", "https://x.example/v1/users"),
        ("https://x.example/v1", "https:users", "", "https://x.example/users"),
        ("https://x.example", "/u", "a=1&b=%20", "https://x.example/u?a=1&b=%20"),
        ("https://x.example", "/u?x=1", "a=1", "https://x.example/u?x=1&a=1"),
        ("https://x.example", "/u?", "a=1", "https://x.example/u?a=1"),
        ("https://x.example", "/u?x=1#part", "a=1", "https://x.example/u?x=1&a=1#part"),
        ("https://x.example", "", "a=1", "https://x.example/?a=1"),
        ("http://localhost:3000/api", "users", "", "http://localhost:3000/api/users"),
    ];
    for (base, reference, query, expected) in table {
        let target = origins(base).resolve(reference, query).unwrap();
        assert_eq!((target.url.as_str(), target.trusted), (expected, true), "{base} + {reference:?}");
    }
}

#[test]
fn trust_follows_the_origin_of_the_parsed_url() {
    let table = [
        ("https://x.example/other", true),
        ("https://x.example:443/", true),
        ("HTTPS://X.EXAMPLE/", true),
        ("//x.example/a", true),
        ("https://files.example:8443/f", true),
        ("https://files.example/f", false),
        ("https://x.example:8443/", false),
        ("https://x.example.evil.example/", false),
        ("https://sub.x.example/", false),
        ("//evil.example/a", false),
        ("\\\\evil.example/a", false),
        ("/\\evil.example/a", false),
        ("\\/evil.example/a", false),
        ("/\t/evil.example/a", false),
        ("\n//evil.example", false),
        (" https://evil.example", false),
        ("ht\ntps://evil.example", false),
        ("https:evil.example", true),
        ("https:/evil.example", true),
        ("https:///evil.example", false),
        ("https:\\\\evil.example", false),
        ("http://localhost:1/", false),
    ];
    for (reference, trusted) in table {
        let target = origins("https://x.example/v1").resolve(reference, "").unwrap();
        assert_eq!(target.trusted, trusted, "{reference:?} became {}", target.url);
    }
}

#[test]
fn refuses_what_must_not_be_sent() {
    let table = [
        ("https://u:p@x.example/", "ERR_INVALID_OPTION"),
        ("https://u@x.example/", "ERR_INVALID_OPTION"),
        ("//u:p@x.example/", "ERR_INVALID_OPTION"),
        ("ftp://x.example/", "ERR_INVALID_OPTION"),
        ("users:list", "ERR_INVALID_OPTION"),
        ("data:,x", "ERR_INVALID_OPTION"),
        ("https://", "ERR_INVALID_OPTION"),
        ("https://a b/", "ERR_INVALID_OPTION"),
        ("https://xn--a/", "ERR_INVALID_OPTION"),
        ("https://x.example:99999/", "ERR_INVALID_OPTION"),
        ("http://x.example/", "ERR_INSECURE_TRANSPORT"),
        ("http://localhost.evil.example/", "ERR_INSECURE_TRANSPORT"),
        ("http://128.0.0.1/", "ERR_INSECURE_TRANSPORT"),
        ("http://[::2]/", "ERR_INSECURE_TRANSPORT"),
        ("http://notlocalhost/", "ERR_INSECURE_TRANSPORT"),
    ];
    for (reference, code) in table {
        let error = origins("https://x.example/v1").resolve(reference, "").unwrap_err();
        assert_eq!(error.code(), code, "{reference}");
    }
}

#[test]
fn plain_http_goes_to_loopback_and_elsewhere_only_when_allowed() {
    for reference in [
        "http://localhost/",
        "http://LOCALHOST:8080/",
        "http://localhost./",
        "http://api.localhost/",
        "http://127.0.0.1/",
        "http://127.9.9.9:1/",
        "http://2130706433/",
        "http://[::1]:3000/",
    ] {
        assert!(origins("https://x.example").resolve(reference, "").is_ok(), "{reference}");
    }
    let lax = Origins::new(Some(url("http://intranet/api")), vec![], true);
    assert!(lax.resolve("/users", "").unwrap().trusted);
}

#[test]
fn without_a_base_only_whole_urls_do() {
    let origins = Origins::new(None, vec![url("https://x.example")], false);
    assert!(origins.resolve("https://x.example/a", "").unwrap().trusted);
    assert!(!origins.resolve("https://y.example/a", "").unwrap().trusted);
    for reference in ["/users", "users", "", "?a", "//x.example/"] {
        let error = origins.resolve(reference, "").unwrap_err();
        assert!(error.to_string().contains("baseURL"), "{reference:?}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_is_trusted_beyond_the_origin(reference in reference(), base in "/[a-z]{0,3}/?") {
        let base = format!("https://x.example{base}");
        if let Ok(target) = origins(&base).resolve(&reference, "") {
            // What the wire will see, parsed anew.
            let sent = url(target.url.as_str());
            let own = matches!(
                (sent.host_str(), sent.port_or_known_default()),
                (Some("x.example"), Some(443)) | (Some("files.example"), Some(8443))
            );
            prop_assert_eq!(target.trusted, sent.scheme() == "https" && own, "{} became {}", reference, sent);
            prop_assert!(sent.scheme() == "https" || sent.host_str().is_some_and(host::is_loopback));
            prop_assert!(!has_credentials(&sent));
        }
    }

    #[test]
    fn a_path_always_stays_under_the_base(segments in prop::collection::vec("[a-zA-Z0-9:@!$&'()*+,;=~_-]{1,8}", 1..5)) {
        let path = format!("/{}", segments.join("/"));
        let target = origins("https://x.example/v1").resolve(&path, "").unwrap();
        prop_assert!(target.trusted);
        prop_assert_eq!(target.url.path(), format!("/v1{path}").replace('\'', "'"));
    }

    #[test]
    fn errors_show_no_path_and_no_query(reference in reference()) {
        for text in [format!("http://x.example/s3cr3t?s3cr3t={reference}"), format!("ftp:{reference}s3cr3t"), format!("https://u:s3cr3t@{reference}")] {
            if let Err(error) = origins("https://x.example").resolve(&text, "s3cr3t") {
                prop_assert!(!error.to_string().contains("s3cr3t"), "{}", error);
            }
        }
    }
}

/// Text made of pieces that confuse parsers.
fn reference() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "https:",
        "http:",
        "//",
        "/",
        "\\",
        "\t",
        "\n",
        " ",
        "@",
        ":",
        "?",
        "#",
        "..",
        "%2f",
        "%5c",
        "x.example",
        "files.example:8443",
        "evil.example",
        "localhost",
        "[::1]",
        "a",
        "é",
        "。",
        "\0",
        "443",
        "xn--",
    ]);
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

#[test]
fn only_a_trusted_origin_is_asked_for_its_transport() {
    let parse = |text| Url::parse(text).unwrap();
    let origins = Origins::new(Some(parse("https://a.example/v1")), vec![parse("http://b.example")], false);
    assert_eq!(origins.trusts("https://a.example"), Ok(true));
    // Not the client's: whether it is plain http is not the client's business either.
    for other in ["https://c.example", "http://c.example", "http://a.example", "https://b.example", "null"] {
        assert_eq!(origins.trusts(other), Ok(false), "{other}");
    }
    let insecure = Error::InsecureTransport { origin: "http://b.example".into() };
    assert_eq!(origins.trusts("http://b.example"), Err(insecure));
}
