use http::{HeaderMap, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn read_lines(lines: &[&str]) -> Vec<Challenge> {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(line).unwrap());
    }
    challenges(super::lines(&headers))
}

/// `scheme name=value name=value`, one text for each challenge.
fn shown(lines: &[&str]) -> Vec<String> {
    let show = |challenge: Challenge| {
        challenge.params.iter().fold(challenge.scheme, |text, (name, value)| format!("{text} {name}={value}"))
    };
    read_lines(lines).into_iter().map(show).collect()
}

#[test]
fn what_servers_send() {
    let table: [(&str, &[&str]); 19] = [
        ("Bearer", &["bearer"]),
        ("BEARER realm=\"api\"", &["bearer realm=api"]),
        // RFC 6750 §3.
        (
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#,
            &["bearer realm=example error=invalid_token error_description=The access token expired"],
        ),
        // RFC 6750 without quotes, as some gateways send it.
        ("Bearer error=invalid_token", &["bearer error=invalid_token"]),
        // GitHub.
        (r#"Basic realm="GitHub""#, &["basic realm=GitHub"]),
        // Docker Hub: a URL, and a scope with colons and commas.
        (
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
            &[
                "bearer realm=https://auth.docker.io/token service=registry.docker.io scope=repository:a/b:pull,push",
            ],
        ),
        // RFC 9449 §9 and §7.1.
        (
            r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
            &["dpop error=use_dpop_nonce error_description=Resource server requires nonce in DPoP proof"],
        ),
        (
            r#"Bearer, DPoP algs="ES256 PS256", error="invalid_token""#,
            &["bearer", "dpop algs=ES256 PS256 error=invalid_token"],
        ),
        // RFC 9470 §3.
        (
            r#"Bearer error="insufficient_user_authentication", acr_values="myACR", max_age=5"#,
            &["bearer error=insufficient_user_authentication acr_values=myACR max_age=5"],
        ),
        // Microsoft Entra: continuous access evaluation, and an empty realm.
        (
            r#"Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ==""#,
            &[
                "bearer realm= authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize error=insufficient_claims claims=eyJhY2Nlc3NfdG9rZW4iOnt9fQ==",
            ],
        ),
        // Windows: a token68, and schemes without anything.
        ("Negotiate YIIBhwYG/+w==, NTLM", &["negotiate", "ntlm"]),
        ("Negotiate, NTLM, Basic realm=\"x\"", &["negotiate", "ntlm", "basic realm=x"]),
        // RFC 7235's own example.
        (
            r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#,
            &[r#"newauth realm=apps type=1 title=Login to "apps""#, "basic realm=simple"],
        ),
        // Spaces around `=`, empty elements, a tab.
        (" , Bearer realm = \"x\" ,\t, error = invalid_token,", &["bearer realm=x error=invalid_token"]),
        // No commas; semicolons.
        (r#"Bearer realm="x" error="invalid_token""#, &["bearer realm=x error=invalid_token"]),
        (r#"Bearer realm="x"; error="invalid_token""#, &["bearer realm=x error=invalid_token"]),
        // A quote that is never closed.
        (r#"Bearer error="invalid_token"#, &["bearer error=invalid_token"]),
        // A colon behind the scheme; a string that belongs to nothing.
        (r#"Bearer: "expired, Basic", error="invalid_token""#, &["bearer error=invalid_token"]),
        // A parameter without a scheme.
        ("error=\"invalid_token\"", &[]),
    ];
    for (line, expected) in table {
        assert_eq!(shown(&[line]), expected, "{line}");
    }
}

#[test]
fn several_lines_are_one_list() {
    assert_eq!(shown(&[]), [""; 0]);
    assert_eq!(shown(&["Basic realm=a", "DPoP algs=ES256"]), ["basic realm=a", "dpop algs=ES256"]);
    assert_eq!(shown(&["Bearer realm=a", "error=invalid_token"]), ["bearer realm=a error=invalid_token"]);
}

#[test]
fn a_parameter_is_found_by_its_name_in_lower_case_and_the_first_counts() {
    let [challenge] = &read_lines(&[r#"Bearer ERROR="invalid_token", error=other"#])[..] else {
        panic!("not one challenge");
    };
    assert_eq!(challenge.param("error"), Some("invalid_token"));
    assert_eq!(challenge.param("scope"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in vec(any::<u8>(), 0..200)) {
        let line: Vec<u8> = bytes.into_iter().filter(|byte| *byte == b'\t' || *byte >= b' ' && *byte != 127).collect();
        let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, HeaderValue::from_bytes(&line).unwrap())]);
        let _read = challenges(super::lines(&headers));
    }

    #[test]
    fn near_misses_of_the_grammar_are_read(line in "([A-Za-z68/\"\\\\=, ;é]|Bearer |error=|\"x\"){0,40}") {
        let mut found = Vec::new();
        read(&line, &mut found);
        for challenge in &found {
            prop_assert!(!challenge.scheme.is_empty());
        }
    }

    #[test]
    fn what_follows_the_grammar_comes_back(
        wanted in vec(("[a-z][a-z0-9-]{0,8}", vec(("[a-z][a-z_]{0,8}", "[ -~]{0,12}"), 0..4)), 0..4)
    ) {
        let written = wanted.iter().map(|(scheme, params)| {
            let params: Vec<_> = params
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            format!("{scheme} {}", params.join(", "))
        });
        let line = written.collect::<Vec<_>>().join(", ");
        let expected: Vec<_> =
            wanted.into_iter().map(|(scheme, params)| Challenge { scheme, params }).collect();
        let mut found = Vec::new();
        read(&line, &mut found);
        prop_assert_eq!(found, expected);
    }
}
