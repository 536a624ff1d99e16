use super::*;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn heard(nonces: &Nonces, at: &str, lines: &[&'static str]) {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("DPoP-Nonce", http::HeaderValue::from_static(line));
    }
    nonces.hear(&url(at), &headers);
}

fn newest(nonces: &Nonces, at: &str) -> Option<String> {
    nonces.newest(&url(at)).map(|nonce| nonce.to_string())
}

#[test]
fn each_origin_has_its_newest_nonce() {
    let nonces = Nonces::default();
    heard(&nonces, "https://a.example/one?q", &["n1"]);
    heard(&nonces, "https://a.example:8443/one", &["n2"]);
    heard(&nonces, "https://a.example/two", &["n3"]);
    heard(&nonces, "https://a.example/none", &[]);
    assert_eq!(newest(&nonces, "https://a.example:443/three").as_deref(), Some("n3"));
    assert_eq!(newest(&nonces, "https://a.example:8443/").as_deref(), Some("n2"));
    assert_eq!(newest(&nonces, "http://a.example/"), None);
}

#[test]
fn a_header_that_is_no_nonce_changes_nothing() {
    let nonces = Nonces::default();
    heard(&nonces, "https://a.example/", &["eyJ7S_zG.eyJH0-Z.HX4w-7v"]);
    for bad in [&["one", "two"][..], &[""], &["a b"], &["a\"b"], &["a\\b"]] {
        heard(&nonces, "https://a.example/", bad);
    }
    nonces.note(&url("https://a.example/"), &"n".repeat(MAX_BYTES + 1));
    assert_eq!(newest(&nonces, "https://a.example/").as_deref(), Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
}

#[test]
fn the_origin_whose_nonce_is_the_oldest_is_forgotten() {
    let nonces = Nonces::default();
    let at = |n: usize| format!("https://a{n}.example/");
    for n in 0..ORIGINS {
        nonces.note(&url(&at(n)), "n");
    }
    nonces.note(&url(&at(0)), "newer");
    nonces.note(&url(&at(ORIGINS)), "n");
    assert_eq!(newest(&nonces, &at(0)).as_deref(), Some("newer"));
    assert_eq!(newest(&nonces, &at(1)), None);
    assert_eq!(nonces.0.lock().len(), ORIGINS);
}
