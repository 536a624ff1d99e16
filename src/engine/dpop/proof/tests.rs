use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Value, json};

use super::*;
use crate::jose::Algorithm;

/// RFC 9449 §7.1.
const TOKEN: &str = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

/// Header and claims of a proof whose signature is good.
fn read(proof: &HeaderValue) -> (Value, Value) {
    assert!(proof.is_sensitive());
    let text = proof.to_str().unwrap();
    let (signed, signature) = text.rsplit_once('.').unwrap();
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part| serde_json::from_slice::<Value>(&decode(part)).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let (header, claims) = (json(header), json(claims));
    let coordinate = |name| decode(header["jwk"][name].as_str().unwrap());
    let (algorithm, public): (&dyn VerificationAlgorithm, Vec<u8>) = match header["alg"].as_str() {
        Some("ES256") => (&ECDSA_P256_SHA256_FIXED, [vec![4], coordinate("x"), coordinate("y")].concat()),
        _ => (&ED25519, coordinate("x")),
    };
    UnparsedPublicKey::new(algorithm, public).verify(signed.as_bytes(), &decode(signature)).unwrap();
    (header, claims)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn a_proof_says_what_rfc_9449_wants() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let key = Key::generate(algorithm).unwrap();
        let resource = url("https://resource.example.org:443/protected%20resource?q=1#part");
        let proof = key
            .proof(
                &Method::GET,
                &resource,
                Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"),
                Some(&Secret::new(TOKEN.into())),
            )
            .unwrap();
        let (header, claims) = read(&proof);
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!(algorithm.name())));
        assert_eq!(header["jwk"].get("d"), None, "the private half");
        assert_eq!(header.as_object().unwrap().len(), 3);
        assert_eq!(claims["htm"], "GET");
        assert_eq!(claims["htu"], "https://resource.example.org/protected%20resource");
        assert_eq!((&claims["ath"], &claims["nonce"]), (&json!(ATH), &json!("eyJ7S_zG.eyJH0-Z.HX4w-7v")));
        assert!(claims["iat"].is_u64());
    }
}

#[test]
fn a_proof_for_a_token_endpoint_has_no_ath_and_every_one_another_jti() {
    let key = Key::generate(Algorithm::ES256).unwrap();
    let one =
        || read(&key.proof(&Method::POST, &url("https://server.example.com/token"), None, None).unwrap()).1;
    let (first, second) = (one(), one());
    let names: Vec<_> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["htm", "htu", "iat", "jti"]);
    assert!(first["jti"].as_str().unwrap().len() >= 16);
    assert_ne!(first["jti"], second["jti"]);
}

#[test]
fn a_saved_key_signs_as_before() {
    for algorithm in [Algorithm::ES256, Algorithm::EdDSA] {
        let key = Key::generate(algorithm).unwrap();
        let again = Key::new(key.saved().clone());
        let jwk = |key: &Key| {
            read(&key.proof(&Method::GET, &url("https://a/"), None, None).unwrap()).0["jwk"].clone()
        };
        assert_eq!((jwk(&key), &key), (jwk(&again), &again));
        assert_ne!(key, Key::generate(algorithm).unwrap());
        assert!(!format!("{key:?}").contains(key.saved().expose()));
    }
    let broken = Key::new(Secret::new("bm9uZQ==".into()));
    assert!(broken.proof(&Method::GET, &url("https://a/"), None, None).is_err());
}
