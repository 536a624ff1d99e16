use super::*;
use crate::jose::{Algorithm, PrivateKey};

/// Header and claims.
pub(in crate::grant::oauth) fn decoded(jwt: &Secret) -> (Value, Value) {
    let parts: Vec<_> = jwt.expose().split('.').collect();
    assert_eq!(parts.len(), 3);
    let json = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    (json(parts[0]), json(parts[1]))
}

/// A PEM key of each use.
pub(in crate::grant::oauth) fn key(algorithm: Algorithm) -> Source {
    let pkcs8 = PrivateKey::generate(algorithm).unwrap().to_pkcs8().unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", pkcs8.expose());
    Source::value(Secret::new(pem))
}

fn signed(claims: Value) -> Assertion {
    let Value::Object(claims) = claims else { panic!("no object") };
    let signing = Signing { key: key(Algorithm::ES256), algorithm: None, key_id: None, certificate: None };
    Assertion::Signed(SignedAssertion::new(signing, claims))
}

async fn claims(assertion: &Assertion) -> Value {
    decoded(&assertion.make("client", "https://as.example/token").await.unwrap()).1
}

#[tokio::test]
async fn claims_have_defaults_and_are_new_each_time() {
    let assertion = signed(serde_json::json!({}));
    let before = clock::wall_ms() / 1000;
    let first = claims(&assertion).await;
    for (name, value) in [("iss", "client"), ("sub", "client"), ("aud", "https://as.example/token")] {
        assert_eq!(first[name], value);
    }
    let issued = first["iat"].as_u64().unwrap();
    assert!(issued >= before);
    assert_eq!(first["exp"], issued + LIFE);
    assert_eq!(first["jti"].as_str().unwrap().len(), 22);
    assert_ne!(claims(&assertion).await["jti"], first["jti"]);
}

/// As Google wants a service account's assertion: its own issuer and audience, a scope, and no subject.
#[tokio::test]
async fn users_claims_go_before_the_defaults() {
    let of_google = signed(serde_json::json!({
        "iss": "robot@project.iam", "sub": null, "aud": "https://oauth2.googleapis.com/token", "scope": "a b",
        "jti": "always the same", "exp": 1,
    }));
    let made = claims(&of_google).await;
    assert_eq!((&made["iss"], &made["scope"]), (&"robot@project.iam".into(), &"a b".into()));
    assert_eq!(made["aud"], "https://oauth2.googleapis.com/token");
    assert!(made.get("sub").is_none());
    assert_ne!(made["jti"], "always the same");
    assert!(made["exp"].as_u64() > made["iat"].as_u64());
    assert_eq!(claims(&signed(serde_json::json!({ "iss": "robot" }))).await["sub"], "robot");
}

#[tokio::test]
async fn assertion_of_somebody_else_is_passed_on() {
    let assertion = Assertion::Ready(Source::value(Secret::new("made elsewhere".into())));
    assert_eq!(assertion.make("client", "as").await.unwrap().expose(), "made elsewhere");
}
