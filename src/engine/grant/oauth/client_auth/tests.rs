use url::Url;

use super::*;
use crate::grant::oauth::assertion::tests::{decoded, key};
use crate::jose::PrivateKey;

const AUDIENCE: &str = "https://as.example";

fn source(text: &str) -> Source {
    Source::value(Secret::new(text.to_owned()))
}

fn secrets(texts: &[&str]) -> Secrets {
    Secrets::new(source(texts[0]), texts[1..].iter().map(|text| source(text)))
}

async fn signed(auth: &ClientAuth) -> (Form, Credential) {
    let mut form = Form::new(Url::parse("https://as.example/token").unwrap());
    let credential = auth.sign(&mut form, "a client:id", AUDIENCE).await.unwrap();
    (form, credential)
}

fn fields(form: &Form) -> Vec<(&str, &str)> {
    form.fields.iter().map(|(name, value)| (&**name, value.expose())).collect()
}

fn assertion(form: &Form) -> &Secret {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let (first, second) = (&form.fields[0], &form.fields[1]);
    assert_eq!(
        (&*first.0, first.1.expose(), &*second.0),
        ("client_assertion_type", kind, "client_assertion")
    );
    assert_eq!(fields(form)[2..], [("client_id", "a client:id")]);
    &second.1
}

fn signing(key: Source) -> Signing {
    Signing { key, algorithm: None, key_id: None, certificate: None }
}

#[tokio::test]
async fn client_without_a_secret_says_its_id() {
    for auth in [ClientAuth::None, ClientAuth::Certificate] {
        let (form, used) = signed(&auth).await;
        assert_eq!(fields(&form), [("client_id", "a client:id")]);
        assert!(!auth.refused(&used).await);
    }
}

#[tokio::test]
async fn basic_is_form_encoded_before_base64() {
    let (form, _) = signed(&ClientAuth::SecretBasic(secrets(&["s:e%c r+t~ü"]))).await;
    let [(name, value)] = &form.headers[..] else { panic!("one header") };
    assert_eq!(*name, AUTHORIZATION);
    assert!(value.is_sensitive());
    let pair = STANDARD.decode(value.to_str().unwrap().strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(str::from_utf8(&pair).unwrap(), "a+client%3Aid:s%3Ae%25c+r%2Bt%7E%C3%BC");
    assert!(form.fields.is_empty());
}

#[tokio::test]
async fn secret_in_the_form_is_a_field() {
    let (form, _) = signed(&ClientAuth::SecretPost(secrets(&["secret"]))).await;
    assert_eq!(fields(&form), [("client_secret", "secret"), ("client_id", "a client:id")]);
    assert!(form.headers.is_empty());
}

#[tokio::test]
async fn assertions_are_made_for_each_attempt() {
    let by_key = PrivateKeyJwt::new(signing(key(Algorithm::ES256)), None);
    for (auth, algorithm) in [
        (ClientAuth::SecretJwt(secrets(&["secret"]), Algorithm::HS256), "HS256"),
        (ClientAuth::SecretJwt(secrets(&["secret"]), Algorithm::HS512), "HS512"),
        (ClientAuth::PrivateKeyJwt(by_key), "ES256"),
    ] {
        let (first, second) = (signed(&auth).await.0, signed(&auth).await.0);
        let (header, claims) = decoded(assertion(&first));
        assert_eq!((&header["alg"], &header["typ"]), (&algorithm.into(), &"JWT".into()));
        assert_eq!((&claims["iss"], &claims["sub"]), (&"a client:id".into(), &"a client:id".into()));
        assert_eq!(claims["aud"], AUDIENCE);
        assert_ne!(decoded(assertion(&second)).1["jti"], claims["jti"]);
    }
}

#[tokio::test]
async fn key_is_told_by_id_and_certificate_and_audience_can_be_given() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/jose/tests/keys/");
    let file = |name: &str| Source::file(format!("{folder}{name}"));
    let signing = Signing {
        algorithm: Some(Algorithm::PS256),
        certificate: Some(file("rsa.cert.pem")),
        ..signing(file("rsa.jwk.json"))
    };
    let jwt = PrivateKeyJwt::new(signing, Some("https://other.example".into()));
    let (header, claims) = decoded(assertion(&signed(&ClientAuth::PrivateKeyJwt(jwt)).await.0));
    assert_eq!((&header["alg"], &header["kid"]), (&"PS256".into(), &"id of rsa".into()));
    assert_eq!(header["x5t#S256"], "E91aM82m4EbTm-ytGCakUO-OWWwddcdsTctUKNDEO0M");
    assert_eq!(claims["aud"], "https://other.example");

    let named = Signing { key_id: Some("mine".into()), ..self::signing(file("rsa.jwk.json")) };
    let auth = ClientAuth::PrivateKeyJwt(PrivateKeyJwt::new(named, None));
    assert_eq!(decoded(assertion(&signed(&auth).await.0)).0["kid"], "mine");
}

#[tokio::test]
async fn assertion_of_somebody_else_is_passed_on() {
    let (form, _) = signed(&ClientAuth::Assertion(source("made elsewhere"))).await;
    assert_eq!(assertion(&form).expose(), "made elsewhere");
}

#[tokio::test]
async fn other_secret_is_tried_and_the_one_that_worked_stays() {
    let auth = ClientAuth::SecretPost(secrets(&["new", "old"]));
    let secret = |form: &Form| form.fields[0].1.expose().to_owned();
    let (form, used) = signed(&auth).await;
    assert_eq!(secret(&form), "new");
    assert!(auth.refused(&used).await);
    let (form, used) = signed(&auth).await;
    assert_eq!(secret(&form), "old");
    auth.accepted(&used);
    assert_eq!(secret(&signed(&auth).await.0), "old");
}

#[tokio::test]
async fn secret_that_cannot_be_read_leaves_the_others() {
    let missing = || Source::file("/does/not/exist");
    let auth = ClientAuth::SecretPost(Secrets::new(missing(), [source("old")]));
    assert_eq!(fields(&signed(&auth).await.0)[0], ("client_secret", "old"));
    let none = ClientAuth::SecretPost(Secrets::new(missing(), [missing()]));
    let mut form = Form::new(Url::parse("https://as.example/token").unwrap());
    let error = none.sign(&mut form, "client", AUDIENCE).await.err().unwrap();
    assert!(error.to_string().starts_with("the file /does/not/exist does not exist;"), "{error}");
}

#[tokio::test]
async fn key_before_a_change_serves_until_the_server_knows_the_new_one() {
    let path = std::env::temp_dir().join(format!("token-rotator-key-{:x}", rand::random::<u128>()));
    let write = |key: &Source| {
        let Source::Value(pem) = key else { panic!("no value") };
        std::fs::write(&path, pem.expose()).unwrap();
        PrivateKey::read(pem).unwrap().thumbprint().to_owned()
    };
    let auth = ClientAuth::PrivateKeyJwt(PrivateKeyJwt::new(signing(Source::file(&path)), None));
    let used = async || match signed(&auth).await.1 {
        Credential(Used::Key(key)) => (key.key_thumbprint(), Credential(Used::Key(key))),
        _ => panic!("no key"),
    };
    let old = write(&key(Algorithm::ES256));
    auth.accepted(&used().await.1);
    let new = write(&key(Algorithm::ES256));
    let (first, credential) = used().await;
    assert_eq!(first, new);
    assert!(auth.refused(&credential).await);
    let (second, credential) = used().await;
    assert_eq!(second, old);
    auth.accepted(&credential);
    assert!(auth.refused(&credential).await);
    assert_eq!(used().await.0, new);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn mistakes_in_values_are_found_before_anything_is_sent() {
    let jwt = |signing| ClientAuth::PrivateKeyJwt(PrivateKeyJwt::new(signing, None));
    assert_eq!(jwt(signing(key(Algorithm::ES256))).check(), Ok(()));
    let no_key = jwt(signing(source("no key"))).check().unwrap_err();
    assert!(no_key.at == 0 && no_key.problem.starts_with("is no private key;"));
    let unfit = Signing { algorithm: Some(Algorithm::RS256), ..signing(key(Algorithm::ES256)) };
    let unfit = jwt(unfit).check().unwrap_err();
    assert_eq!(unfit.problem, "cannot sign with RS256; it signs with ES256");
    let other = Signing { certificate: Some(source("none")), ..signing(key(Algorithm::ES256)) };
    assert_eq!(jwt(other).check().unwrap_err().at, 1);
}
