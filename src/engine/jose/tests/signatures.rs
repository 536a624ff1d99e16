//! Signatures with every algorithm.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::*;

pub(super) fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn header() -> Map<String, Value> {
    Map::from_iter([("typ".to_owned(), "JWT".into())])
}

/// The message that is signed, and the signature.
fn split(jws: &Secret) -> (String, Vec<u8>) {
    let (message, signature) = jws.expose().rsplit_once('.').unwrap();
    (message.to_owned(), URL_SAFE_NO_PAD.decode(signature).unwrap())
}

fn signed(file: &str, algorithm: Algorithm) -> (String, Vec<u8>) {
    split(&sign(&key(file), algorithm, header(), &json!({ "iss": "client" })).unwrap())
}

#[test]
fn algorithms_that_repeat_their_signatures_agree_with_another_library() {
    for line in include_str!("keys/signed.txt").lines() {
        let (name, expected) = line.split_once(' ').unwrap();
        let algorithm = Algorithm::from_name(name).unwrap();
        let claims = json!({ "iss": "client" });
        let jws = if name.starts_with("HS") {
            let shared = "a secret that the server has too: long enough for HS512, which takes 64 bytes";
            sign_hmac(&secret(shared), algorithm, header(), &claims)
        } else {
            let file = if name.starts_with("RS") { "rsa.pem" } else { "ed25519.pem" };
            sign(&key(file), algorithm, header(), &claims)
        };
        assert_eq!(jws.unwrap().expose(), expected, "{name}");
    }
}

#[test]
fn other_signatures_are_verified_by_the_public_half() {
    use Algorithm::{ES256, ES384, ES512, Ed25519, PS256, PS384, PS512};
    let decoded = |jwk: &Value, part: &str| URL_SAFE_NO_PAD.decode(jwk[part].as_str().unwrap()).unwrap();
    for (algorithm, verifier) in [
        (PS256, &RSA_PSS_2048_8192_SHA256),
        (PS384, &RSA_PSS_2048_8192_SHA384),
        (PS512, &RSA_PSS_2048_8192_SHA512),
    ] {
        let (message, signature) = signed("rsa.pem", algorithm);
        let jwk = key("rsa.pem").public_jwk();
        let public = RsaPublicKeyComponents { n: decoded(&jwk, "n"), e: decoded(&jwk, "e") };
        public.verify(verifier, message.as_bytes(), &signature).unwrap();
    }
    let others: [(_, _, &'static dyn VerificationAlgorithm, _); 4] = [
        ("ec256", ES256, &ECDSA_P256_SHA256_FIXED, 64),
        ("ec384", ES384, &ECDSA_P384_SHA384_FIXED, 96),
        ("ec521", ES512, &ECDSA_P521_SHA512_FIXED, 132),
        ("ed25519", Ed25519, &ED25519, 64),
    ];
    for (kind, algorithm, verifier, length) in others {
        let file = format!("{kind}.pem");
        let (message, signature) = signed(&file, algorithm);
        assert_eq!(signature.len(), length);
        let jwk = key(&file).public_jwk();
        let x = decoded(&jwk, "x");
        let public = if kind == "ed25519" { x } else { [vec![4], x, decoded(&jwk, "y")].concat() };
        UnparsedPublicKey::new(verifier, public).verify(message.as_bytes(), &signature).unwrap();
    }
}

#[test]
fn algorithm_that_does_not_fit_is_refused() {
    let unfit = |error| matches!(error, KeyError::Unfit { .. });
    for (file, algorithm) in [
        ("rsa.pem", Algorithm::ES256),
        ("ec256.pem", Algorithm::ES384),
        ("ed25519.pem", Algorithm::RS256),
        ("rsa.pem", Algorithm::HS256),
    ] {
        assert!(unfit(sign(&key(file), algorithm, header(), &()).unwrap_err()), "{file} {algorithm}");
    }
    assert!(unfit(sign_hmac(&secret("s"), Algorithm::RS256, header(), &()).unwrap_err()));
    assert_eq!(Algorithm::from_name("none"), None);
    assert_eq!(Algorithm::from_name("rs256"), None);
}
