//! Every form in which a key comes, and every mistake in one.

use serde_json::{Value, json};

use super::*;

fn refused(text: &Secret) -> KeyError {
    PrivateKey::read(text).unwrap_err()
}

#[test]
fn forms_of_one_key_are_one_key() {
    for (kind, thumbprint) in KINDS {
        for form in ["pem", "jwk.json"] {
            assert_eq!(key(&format!("{kind}.{form}")).thumbprint(), thumbprint, "{kind}.{form}");
        }
    }
    assert_eq!(key("rsa.pkcs1.pem"), key("rsa.pem"));
    // With the parameters before it that `openssl ecparam -genkey` writes, and without them.
    let with_parameters = text("ec256.sec1.pem");
    assert_eq!(PrivateKey::read(&with_parameters).unwrap(), key("ec256.pem"));
    let alone = with_parameters.expose().split_once("-----END EC PARAMETERS-----").unwrap().1;
    assert_eq!(PrivateKey::read(&secret(alone)).unwrap(), key("ec256.pem"));
}

/// RFC 8037 A.1 to A.4.
#[test]
fn key_of_the_rfc_signs_as_the_rfc_does() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let key = PrivateKey::read(&secret(jwk)).unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let signed =
        key.pair().sign(Algorithm::EdDSA, b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc");
    assert_eq!(
        super::signatures::base64(&signed.unwrap()),
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    );
}

#[test]
fn pem_with_escaped_line_ends_is_read() {
    let escaped = text("rsa.pem").expose().trim_end().replace('\n', "\\n");
    assert_eq!(PrivateKey::read(&secret(&escaped)).unwrap(), key("rsa.pem"));
}

#[test]
fn service_account_brings_its_key_and_the_id() {
    let pem = text("rsa.pem");
    let account = json!({
        "type": "service_account", "private_key_id": "4c1f", "private_key": pem.expose(), "client_email": "a@b",
    });
    let account = PrivateKey::read(&secret(&account.to_string())).unwrap();
    assert_eq!((&account, account.id()), (&key("rsa.pem"), Some("4c1f")));
}

#[test]
fn jwk_says_its_id_and_its_algorithm() {
    let mut jwk: Value = serde_json::from_str(text("rsa.jwk.json").expose()).unwrap();
    assert_eq!(key("rsa.jwk.json").id(), Some("id of rsa"));
    let mut with = |alg: &str| {
        jwk["alg"] = alg.into();
        PrivateKey::read(&secret(&jwk.to_string())).unwrap().default_algorithm()
    };
    assert_eq!(with("PS384"), Algorithm::PS384);
    // It is the alg of another kind of key, or of encryption.
    assert_eq!(with("ES256"), Algorithm::RS256);
    assert_eq!(with("RSA-OAEP"), Algorithm::RS256);
}

#[test]
fn saved_key_is_the_same_key() {
    for (kind, _) in KINDS {
        let key = key(&format!("{kind}.pem"));
        assert_eq!(PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap(), key);
    }
    for algorithm in [Algorithm::ES256, Algorithm::ES384, Algorithm::ES512, Algorithm::EdDSA] {
        let key = PrivateKey::generate(algorithm).unwrap();
        assert_eq!(key.default_algorithm(), algorithm);
        assert_ne!(key, PrivateKey::generate(algorithm).unwrap());
        assert_eq!(PrivateKey::from_pkcs8(&key.to_pkcs8().unwrap()).unwrap(), key);
    }
    assert_eq!(PrivateKey::generate(Algorithm::RS256).unwrap_err(), KeyError::Unsupported);
    assert_eq!(PrivateKey::from_pkcs8(&secret("AAAA")).unwrap_err(), KeyError::NotAKey);
    assert_eq!(PrivateKey::from_pkcs8(&secret("no base64")).unwrap_err(), KeyError::NotAKey);
}

#[test]
fn public_half_has_no_private_part() {
    for (kind, _) in KINDS {
        let whole: Value = serde_json::from_str(text(&format!("{kind}.jwk.json")).expose()).unwrap();
        let public = key(&format!("{kind}.pem")).public_jwk();
        let names: Vec<_> = public.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: &[&str] = match kind {
            "rsa" => &["e", "kty", "n"],
            "ed25519" => &["crv", "kty", "x"],
            _ => &["crv", "kty", "x", "y"],
        };
        assert_eq!(names, expected);
        assert!(names.iter().all(|name| public[name] == whole[name]), "{kind}");
    }
}

#[test]
fn text_that_is_no_private_key_is_told_apart() {
    for text in ["", "no key", "{", "[]", "{}", r#"{"kty":7}"#, "-----BEGIN PRIVATE KEY-----\nAAAA"] {
        assert_eq!(refused(&secret(text)), KeyError::NotAKey, "{text}");
    }
    assert_eq!(refused(&text("encrypted.pem")), KeyError::Encrypted);
    assert_eq!(refused(&text("rsa.cert.pem")), KeyError::Public);
    for file in ["rsa-pss.pem", "rsa1024.pem", "secp256k1.pem"] {
        assert_eq!(refused(&text(file)), KeyError::Unsupported, "{file}");
    }
    for jwk in [r#"{"kty":"oct","k":"AAAA"}"#, r#"{"kty":"OKP","crv":"X25519","d":"AAAA","x":"AAAA"}"#] {
        assert_eq!(refused(&secret(jwk)), KeyError::Unsupported, "{jwk}");
    }
    for (kind, _) in KINDS {
        let jwk: Value = serde_json::from_str(text(&format!("{kind}.jwk.json")).expose()).unwrap();
        let without = |part: &str| {
            let mut jwk = jwk.clone();
            jwk.as_object_mut().unwrap().remove(part);
            refused(&secret(&jwk.to_string()))
        };
        assert_eq!(without("d"), KeyError::Public, "{kind}");
        let part = if kind == "rsa" { "qi" } else { "x" };
        assert_eq!(without(part), KeyError::NotAKey, "{kind}");
        let mut mixed = jwk.clone();
        mixed[part] = jwk["d"].clone();
        assert!(matches!(refused(&secret(&mixed.to_string())), KeyError::NotAKey | KeyError::Unsupported));
    }
}

#[test]
fn half_a_file_is_no_key() {
    for (kind, _) in KINDS {
        for form in ["pem", "jwk.json"] {
            let whole = text(&format!("{kind}.{form}"));
            for length in (0..whole.expose().trim_end().len()).step_by(7) {
                assert!(
                    PrivateKey::read(&secret(&whole.expose()[..length])).is_err(),
                    "{kind}.{form} {length}"
                );
            }
        }
    }
}

#[test]
fn certificate_is_known_by_its_hash_and_belongs_to_its_key() {
    let (rsa, ec) = (text("rsa.cert.pem"), text("ec256.cert.pem"));
    let hash = key("rsa.pem").certificate_thumbprint(&rsa).unwrap();
    assert_eq!(hash, "E91aM82m4EbTm-ytGCakUO-OWWwddcdsTctUKNDEO0M");
    let hash = key("ec256.pem").certificate_thumbprint(&ec).unwrap();
    assert_eq!(hash, "_H24S25l8rkiMSUWOc2xD1wtv1cQTdpKkR74xQEy_U4");
    let chain = secret(&[rsa.expose(), ec.expose()].concat());
    assert!(key("rsa.pem").certificate_thumbprint(&chain).is_ok());
    assert_eq!(key("ec256.pem").certificate_thumbprint(&rsa).unwrap_err(), KeyError::OtherCertificate);
    assert_eq!(key("ed25519.pem").certificate_thumbprint(&ec).unwrap_err(), KeyError::OtherCertificate);
    assert_eq!(key("rsa.pem").certificate_thumbprint(&secret("none")).unwrap_err(), KeyError::NoCertificate);
}

#[test]
fn nothing_private_is_printed() {
    for (kind, thumbprint) in KINDS {
        assert_eq!(format!("{:?}", key(&format!("{kind}.pem"))), format!("PrivateKey({thumbprint})"));
    }
    let of_rsa = format!("{}", key("rsa.pem").fits(Algorithm::ES256).unwrap_err());
    assert_eq!(of_rsa, "cannot sign with ES256; it signs with RS256, RS384, RS512, PS256, PS384, PS512");
}
