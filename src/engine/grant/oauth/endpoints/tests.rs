//! Issuers that answer by a script.

use futures_util::future::join_all;

use super::*;
use crate::grant::oauth::tests::{Said, Script, said};

const ISSUER: &str = "https://auth.example/realm";

fn metadata(issuer: &str) -> Said {
    let body = serde_json::json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/token"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "mtls_endpoint_aliases": { "token_endpoint": "https://mtls.example/token" },
        "jwks_uri": 7,
    });
    said(200, &body.to_string())
}

fn endpoints(token: Option<&str>, issuer: Option<&str>) -> Arc<Endpoints> {
    let url = |text: &str| Url::parse(text).unwrap();
    Arc::new(Endpoints::new(token.map(url), issuer.map(url), None))
}

async fn token(endpoints: &Arc<Endpoints>, server: &Arc<Script>) -> Result<String, Unknown> {
    endpoints.token(&(Arc::clone(server) as _)).await.map(Into::into)
}

fn asked(server: &Script) -> Vec<String> {
    server.asked.lock().iter().map(|(url, _)| url.clone()).collect()
}

#[tokio::test]
async fn a_named_endpoint_is_not_looked_for() {
    let server = Script::new([said(500, "")]);
    let endpoints = endpoints(Some("https://auth.example/token"), Some(ISSUER));
    assert_eq!(token(&endpoints, &server).await.unwrap(), "https://auth.example/token");
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn metadata_is_looked_for_in_every_place() {
    let server = Script::new([said(404, ""), said(200, "<html>"), metadata(ISSUER)]);
    assert_eq!(
        token(&endpoints(None, Some(ISSUER)), &server).await.unwrap(),
        "https://auth.example/realm/token"
    );
    assert_eq!(
        asked(&server),
        [
            "https://auth.example/realm/.well-known/openid-configuration",
            "https://auth.example/.well-known/oauth-authorization-server/realm",
            "https://auth.example/.well-known/openid-configuration/realm",
        ]
    );
    let server = Script::new([said(404, ""), metadata("https://auth.example")]);
    // The slash behind a bare origin is no part of its name.
    token(&endpoints(None, Some("https://auth.example/")), &server).await.unwrap();
    assert_eq!(
        asked(&server),
        [
            "https://auth.example/.well-known/openid-configuration",
            "https://auth.example/.well-known/oauth-authorization-server",
        ]
    );
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused() {
    for other in [
        "https://evil.example/realm",
        "https://auth.example/realm/",
        "https://auth.example",
        "http://auth.example/realm",
    ] {
        let server = Script::new([metadata(other)]);
        assert_eq!(
            token(&endpoints(None, Some(ISSUER)), &server).await,
            Err(Unknown::OtherIssuer),
            "{other}"
        );
    }
}

#[tokio::test]
async fn metadata_that_cannot_be_had_says_what_to_do() {
    let cases = [
        (said(404, ""), "the issuer has no metadata at /.well-known/"),
        (said(302, ""), "the issuer has no metadata at /.well-known/"),
        (said(503, ""), "the issuer's metadata could not be read: HTTP 503"),
        (Said::Breaks { sent: false }, "the issuer's metadata could not be read: no complete answer"),
        (
            said(200, r#"{"issuer":"https://auth.example/realm"}"#),
            "the issuer's metadata names no token_endpoint",
        ),
        (
            said(200, r#"{"issuer":"https://auth.example/realm","token_endpoint":"/token"}"#),
            "the issuer's metadata names no token_endpoint",
        ),
    ];
    for (answer, expected) in cases {
        let server = Script::new([answer]);
        let error = token(&endpoints(None, Some(ISSUER)), &server).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let server = Script::new([said(200, "")]);
    let error = token(&endpoints(None, None), &server).await.unwrap_err();
    assert_eq!(error, Unknown::Missing("token_endpoint", "tokenEndpoint"));
}

#[tokio::test]
async fn a_client_with_a_certificate_uses_the_alias() {
    let server = Script::new([metadata(ISSUER)]);
    let by_certificate = Endpoints::new(None, Url::parse(ISSUER).ok(), None).by_certificate(true);
    let endpoints = Arc::new(by_certificate);
    assert_eq!(token(&endpoints, &server).await.unwrap(), "https://mtls.example/token");
    let post = Arc::clone(&server) as Arc<dyn Post>;
    assert_eq!(endpoints.revocation(&post).await.unwrap().as_str(), "https://auth.example/realm/revoke");
    assert_eq!(server.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn metadata_is_asked_for_once_and_again_after_an_hour() {
    let server = Script::new([metadata(ISSUER)]);
    let endpoints = endpoints(None, Some(ISSUER));
    let all = join_all((0..100).map(|_| token(&endpoints, &server))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(server.count(), 1);
    tokio::time::advance(FRESH).await;
    // The old metadata serves, and the issuer is asked beside it.
    token(&endpoints, &server).await.unwrap();
    assert_eq!(server.count(), 1);
    tokio::task::yield_now().await;
    assert_eq!(server.count(), 2);
    token(&endpoints, &server).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(server.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn metadata_serves_on_while_the_issuer_is_down() {
    let server = Script::new([metadata(ISSUER), Said::Breaks { sent: false }, metadata(ISSUER)]);
    let endpoints = endpoints(None, Some(ISSUER));
    token(&endpoints, &server).await.unwrap();
    tokio::time::advance(FRESH).await;
    for _ in 0..10 {
        token(&endpoints, &server).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(server.count(), 2, "an issuer that is down is left alone");
    tokio::time::advance(PAUSE).await;
    token(&endpoints, &server).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(server.count(), 3);
}

#[tokio::test]
async fn those_who_wait_for_one_question_get_its_failure() {
    let server = Script::new([said(503, "")]);
    let endpoints = endpoints(None, Some(ISSUER));
    let all = join_all((0..100).map(|_| token(&endpoints, &server))).await;
    assert!(all.iter().all(Result::is_err));
    assert_eq!(server.count(), 1);
    token(&endpoints, &server).await.unwrap_err();
    assert_eq!(server.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_gone_is_looked_for_again() {
    let server = Script::new([metadata(ISSUER)]);
    let endpoints = endpoints(None, Some(ISSUER));
    token(&endpoints, &server).await.unwrap();
    endpoints.doubt();
    token(&endpoints, &server).await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(server.count(), 2);
}
