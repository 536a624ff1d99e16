use super::*;

fn of(lines: &[&str]) -> Rejection {
    reason(lines)
}

fn claims_of(line: &str) -> Option<String> {
    match of(&[line]) {
        Rejection::Claims(claims) => Some(claims.expose().to_owned()),
        Rejection::Token => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn reasons_as_servers_send_them() {
    let cases: [(&[&str], Rejection); 14] = [
        (&[], Rejection::Token),
        (&["Bearer"], Rejection::Token),
        (&[r#"Bearer realm="x", error="invalid_token", error_description="expired""#], Rejection::Token),
        (&[r#"bearer ERROR = "insufficient_scope" , scope="a b""#], Rejection::Scope),
        (&["Negotiate YIIB==", r#"Bearer error="insufficient_scope""#], Rejection::Scope),
        (&[r#"Basic realm="a, error=\"insufficient_scope\"""#], Rejection::Token),
        (
            &[
                r#"DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof""#,
            ],
            Rejection::Proof,
        ),
        (&[r#"DPoP algs="ES256 EdDSA" , error=use_dpop_nonce"#, "Bearer"], Rejection::Proof),
        (&[r#"Bearer, DPoP error="use_dpop_nonce", algs="ES256""#], Rejection::Proof),
        (&[r#"DPoP error="invalid_dpop_proof", algs="ES256""#], Rejection::Proof),
        (
            &[r#"DPoP error="invalid_token", error_description="Invalid DPoP key binding", algs="ES256""#],
            Rejection::Token,
        ),
        (&[r#"DPoP error="invalid_token", Bearer error="insufficient_scope""#], Rejection::Token),
        (&[r#"DPoP error="insufficient_scope""#], Rejection::Scope),
        (&[r#"DPoP algs="ES256""#], Rejection::Token),
    ];
    for (lines, expected) in cases {
        assert_eq!(of(lines), expected, "{lines:?}");
    }
}

#[test]
fn claims_are_json_or_base64_of_it() {
    // As Microsoft Graph sends it.
    let graph = r#"Bearer realm="", authorization_uri="https://login.example/common/oauth2/authorize", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7ImVzc2VudGlhbCI6dHJ1ZSwgInZhbHVlIjoiMTYwNDEwNjY1MSJ9fX0=""#;
    let nbf = r#"{"access_token":{"nbf":{"essential":true, "value":"1604106651"}}}"#;
    assert_eq!(claims_of(graph).as_deref(), Some(nbf));
    let json = r#"Bearer error="insufficient_claims", claims="{\"a\":{\"b\":\"c\"}}""#;
    assert_eq!(claims_of(json).as_deref(), Some(r#"{"a":{"b":"c"}}"#));
    for base64 in ["eyJhIjoi77-_In0", "eyJhIjoi77+/In0=", "eyJhIjoi77+/In0", "eyJhIjoi77-_In0="] {
        let line = format!(r#"Bearer error="insufficient_claims", claims={base64}"#);
        assert_eq!(claims_of(&line).as_deref(), Some("{\"a\":\"\u{ffff}\"}"), "{base64}");
    }
}

#[test]
fn claims_that_cannot_be_used_are_a_rejected_token() {
    let long = format!(r#"{{"a":"{}"}}"#, "a".repeat(MAX_CLAIMS)).replace('"', "\\\"");
    for bad in ["", "e30", "bm9uZQ==", "W10=", "{", "*", &long] {
        let line = format!(r#"Bearer error="insufficient_claims", claims="{bad}""#);
        let expected = (bad == "e30").then(|| "{}".to_owned());
        assert_eq!(claims_of(&line), expected, "{bad}");
    }
    assert_eq!(claims_of(r#"Bearer error="insufficient_claims""#), None);
    assert_eq!(claims_of(r#"Bearer claims="e30=""#), None);
}
