//! What servers really answer, and what they should not.

use super::*;
use crate::grant::oauth::tests::answer;

fn reading(answer: &Answer) -> Result<Tokens, GrantError> {
    read(answer).map_err(|failed| failed.error)
}

fn of(body: &str) -> Result<Tokens, GrantError> {
    reading(&answer(200, body))
}

fn pair(body: &str) -> (String, Option<String>) {
    let tokens = of(body).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    (tokens.access.expose().to_owned(), tokens.refresh.map(|token| token.expose().to_owned()))
}

fn extra(body: &str) -> String {
    of(body).unwrap().extra().map(|extra| extra.expose().to_owned()).unwrap_or_default()
}

/// Why a body of status 200 has no tokens.
fn problem(body: &str) -> String {
    let GrantError::Malformed { cause, .. } = of(body).unwrap_err() else { panic!("{body}") };
    cause.unwrap().said.unwrap().strip_prefix("HTTP 200: ").unwrap().to_owned()
}

#[test]
fn harmless_deviations_are_read() {
    let both = ("a1".to_owned(), Some("r1".to_owned()));
    for body in [
        r#"{"access_token":"a1","refresh_token":"r1"}"#,
        "\u{feff}{\"access_token\":\"a1\",\"refresh_token\":\"r1\"}",
        "\n {\"access_token\":\" a1\\n\",\"refresh_token\":\"r1\"} \n",
        r#"{"access_token":"Bearer a1","refresh_token":"r1"}"#,
        r#"{"access_token":"a1","refresh_token":"r1","access_token":"a1"}"#,
        r#"{"access_token":"a1","refresh_token":"r1","scope":"one","scope":"two"}"#,
        r#"{"accessToken":"a1","refreshToken":"r1"}"#,
        r#"{"access_token":"a1","refresh_token":"r1","error":null}"#,
        r#"{"ok":true,"access_token":"a1","refresh_token":"r1","error":""}"#,
        "access_token=a1&refresh_token=r1&token_type=bearer",
    ] {
        assert_eq!(pair(body), both, "{body}");
    }
    let form = Answer {
        content_type: Some("application/x-www-form-urlencoded".into()),
        ..answer(200, "scope=&access_token=a1")
    };
    assert_eq!(reading(&form).unwrap().access.expose(), "a1");
    let created = answer(201, r#"{"access_token":"a1"}"#);
    assert_eq!(reading(&created).unwrap().access.expose(), "a1");
}

#[test]
fn an_absent_refresh_token_has_many_forms() {
    for none in ["", r#","refresh_token":null"#, r#","refresh_token":"""#, r#","refresh_token":" ""#] {
        let body = format!(r#"{{"access_token":"a1"{none}}}"#);
        assert_eq!(pair(&body), ("a1".into(), None), "{body}");
    }
    // One that cannot be used costs no access token.
    for unusable in ["7", "{}", r#""r\n1""#, r#""r1","refresh_token":"r2""#] {
        let body = format!(r#"{{"access_token":"a1","refresh_token":{unusable}}}"#);
        assert_eq!(pair(&body), ("a1".into(), None), "{body}");
    }
}

#[test]
fn what_is_no_token_is_named() {
    let long = format!(r#"{{"access_token":"{}"}}"#, "a".repeat(20_000));
    let table = [
        ("", "the answer is no JSON object"),
        ("<html>", "the answer is no JSON object"),
        (r#"["a1"]"#, "the answer is no JSON object"),
        (r#""a1""#, "the answer is no JSON object"),
        (r#"{"access_token":"a1""#, "the answer is no JSON object"),
        (r#"{"access_token":"a1"}x"#, "the answer is no JSON object"),
        ("{}", "the answer has no access_token"),
        (r#"{"access_token":null}"#, "the answer has no access_token"),
        (r#"{"access_token":7}"#, "access_token is no text"),
        (r#"{"access_token":["a1"]}"#, "access_token is no text"),
        (r#"{"access_token":true}"#, "access_token is no text"),
        (
            r#"{"access_token":"a\u0000"}"#,
            "access_token has characters that a token cannot have, or more than 16384 of them",
        ),
        (r#"{"access_token":"\ud800"}"#, "access_token is no text"),
        (&long, "access_token has characters that a token cannot have, or more than 16384 of them"),
        (r#"{"access_token":"a1","access_token":"a2"}"#, "the answer has two access_token that differ"),
    ];
    for (body, expected) in table {
        assert_eq!(problem(body), expected, "{body}");
    }
}

#[test]
fn other_fields_are_kept_as_they_are() {
    assert_eq!(
        extra(
            r#"{"access_token":"a1","token_type":"bearer","expires_in":3600,"scope":"a b","id_token":"x.y.z","nested":{"n":[1,null]}}"#
        ),
        r#"{"tokenType":"bearer","scope":"a b","id_token":"x.y.z","nested":{"n":[1,null]}}"#
    );
    assert_eq!(extra(r#"{"access_token":"a1"}"#), "");
    // Neither may be among the tokens that a program copies.
    let deep = format!(
        r#"{{"access_token":"a1","deep":{}{},"__proto__":{{"admin":true}},"text":"[[[["}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(extra(&deep), r#"{"text":"[[[["}"#);
}

#[test]
fn moments_of_a_refresh_are_made_of_lifetimes() {
    let before = clock::wall_ms();
    let after = |at: u64| (at - before) / 1000;
    let body = r#"{"access_token":"a1","refresh_in":1800,"refresh_expires_in":"7200","x_refresh_token_expires_in":0}"#;
    let shown: Value = serde_json::from_str(&extra(body)).unwrap();
    assert_eq!(after(shown["refreshExpiresAt"].as_u64().unwrap()), 7200);
    assert_eq!((shown.get("refresh_in"), after(of(body).unwrap().refresh_at().unwrap().get())), (None, 1800));
    for none in ["0", "-1", "null", "\"soon\""] {
        let body = format!(r#"{{"access_token":"a1","refresh_in":{none}}}"#);
        assert_eq!(of(&body).unwrap().refresh_at(), None, "{none}");
    }
    for none in ["0", "-1", "null", "\"never\""] {
        let body = format!(r#"{{"access_token":"a1","refresh_expires_in":{none}}}"#);
        assert!(!extra(&body).contains("refreshExpiresAt"), "{none}");
    }
}

#[test]
fn refusals_with_any_status() {
    let is = |status, body: &str| match reading(&answer(status, body)).unwrap_err() {
        GrantError::Unspent { .. } => "unspent",
        GrantError::Terminal { .. } => "terminal",
        GrantError::Unknown { .. } => "unknown",
        GrantError::Malformed { .. } => "malformed",
        error => panic!("{error:?}"),
    };
    let table = [
        (400, "", "terminal"),
        (401, "", "terminal"),
        (400, "<html>", "terminal"),
        (400, r#"{"error":"invalid_request"}"#, "unknown"),
        (400, r#"{"error":"invalid_scope"}"#, "unknown"),
        (400, r#"{"error":{"code":"invalid_grant"}}"#, "terminal"),
        (400, r#"{"error":{"code":"something_else"}}"#, "terminal"),
        (403, r#"{"error":"invalid_grant"}"#, "terminal"),
        (500, r#"{"error":"invalid_grant"}"#, "terminal"),
        (500, "", "unspent"),
        (403, "", "unknown"),
        (404, "", "unknown"),
        (302, "", "unknown"),
        // Slack and GitHub.
        (200, r#"{"ok":false,"error":"invalid_refresh_token"}"#, "terminal"),
        (200, r#"{"error":"bad_refresh_token","error_description":"x"}"#, "terminal"),
        (200, "error=bad_refresh_token&error_description=x", "terminal"),
        (200, r#"{"error":"incorrect_client_credentials"}"#, "unspent"),
        (200, r#"{"ok":false,"error":"something_else"}"#, "unknown"),
        (200, r#"{"error":"temporarily_unavailable"}"#, "unknown"),
        // Tokens in an answer that claims failure are none.
        (400, r#"{"access_token":"a1"}"#, "terminal"),
    ];
    for (status, body, expected) in table {
        assert_eq!(is(status, body), expected, "{status} {body}");
    }
}
