use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

pub(crate) fn tokens(access: &str, refresh: Option<&str>) -> Tokens {
    let secret = |text: &str| Secret::new(text.into());
    Tokens::new(secret(access), refresh.map(secret), None, None).unwrap()
}

/// The same with another refresh token, or with none.
pub(crate) fn with_refresh(tokens: Tokens, refresh: Option<Secret>) -> Tokens {
    Tokens { refresh, ..tokens }
}

pub(crate) fn with_extra(access: &str, refresh: Option<&str>, extra: &str) -> Tokens {
    tokens(access, refresh).with(|beside| beside.extra = Some(Secret::new(extra.into())))
}

#[test]
fn refuses_what_could_break_a_header_or_a_form() {
    let long = "a".repeat(MAX_TOKEN_BYTES + 1);
    for bad in ["", "a b", "a\r\nx: y", "a\0", "tøken", long.as_str()] {
        let made = Tokens::new(Secret::new(bad.into()), None, None, None);
        assert_eq!(made.unwrap_err(), Malformed::Access);
    }
    let made = Tokens::new(Secret::new("a".into()), Some(Secret::new("r\n".into())), None, None);
    assert_eq!(made.unwrap_err(), Malformed::Refresh);
    assert!(Tokens::new(Secret::new("1|sanctum~+/=".into()), None, None, None).is_ok());
}

#[test]
fn lifetime_counts_from_the_arrival_and_is_a_year_at_most() {
    let year = 365 * 24 * 3_600_000;
    assert_eq!(Expiry::In(Duration::from_secs(60)).on_arrival(true, 1_000), Some(61_000));
    assert_eq!(Expiry::In(Duration::MAX).on_arrival(true, 1_000), Some(1_000 + year));
    assert_eq!(Expiry::At(1_000 + 2 * year).on_arrival(false, 1_000), Some(1_000 + year));
}

#[test]
fn new_token_that_seems_to_have_expired_has_an_unknown_lifetime() {
    for at in [1, 1_000] {
        assert_eq!(Expiry::At(at).on_arrival(true, 1_000), None);
        assert_eq!(Expiry::At(at).on_arrival(false, 1_000), Some(at), "of stored tokens it is believed");
    }
}

#[test]
fn refresh_token_alone_counts_as_expired() {
    let alone = Tokens::without_access(Secret::new("r".into()));
    assert_eq!(alone.lifetime(0), Some(Duration::ZERO));
    assert!(Tokens::new(alone.access.clone(), alone.refresh.clone(), None, None).is_ok());
    assert_eq!(Tokens::new(alone.access, None, None, None), Err(Malformed::Access));
}

/// A hundred thousand sessions hold tokens.
#[test]
fn tokens_that_have_no_more_than_others_are_one_small_block() {
    assert_eq!(size_of::<Tokens>(), 48);
    let plain = tokens("a1", Some("r1")).expiring_at(Some(1));
    assert!(plain.beside.is_none());
    assert!(plain.clone().due_at(NonZeroU64::new(1)).due_at(None).beside.is_none());
}

#[test]
fn an_end_at_zero_is_an_end() {
    assert_eq!(tokens("a1", None).expiring_at(Some(0)).lifetime(1_000), Some(Duration::ZERO));
}

#[test]
fn a_successor_keeps_the_refresh_token_and_the_fields_it_does_not_mention() {
    let held = with_extra("a1", Some("r1"), r#"{"tenant":7,"scope":"x"}"#);
    let next = with_extra("a2", None, r#"{"scope":"y"}"#).succeeding(Some(&held));
    assert_eq!(next.refresh.as_ref().unwrap().expose(), "r1");
    assert_eq!(next.extra().unwrap().expose(), r#"{"tenant":7,"scope":"y"}"#);
    assert_eq!(tokens("a3", Some("r3")).succeeding(Some(&held)).refresh.unwrap().expose(), "r3");
}

#[test]
fn fields_outlive_rotations_however_deep_they_are() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for value in [deep.as_str(), r#""\ud800""#, "1e400", r#"{"a":{"b":[1.0]}}"#] {
        let held = with_extra("a1", None, &format!(r#"{{"kept":{value},"n":1}}"#));
        let next = with_extra("a2", None, r#"{"n":2}"#).succeeding(Some(&held));
        assert_eq!(next.extra().unwrap().expose(), format!(r#"{{"kept":{value},"n":2}}"#));
    }
}

#[test]
fn key_stays_with_the_access_token_that_is_bound_to_it() {
    let key = Key::new(Secret::new("key".into()));
    let held = tokens("a1", Some("r1")).bound_to(key.clone(), true);
    assert_eq!(held.proof_key(), Some(&key));
    assert_eq!(held.with_refresh(Secret::new("r2".into())).bound(), held.bound());
    assert_eq!(tokens("a1", None).with_key_of(Some(&held)).bound(), held.bound());
    assert_eq!(tokens("a2", Some("r1")).with_key_of(Some(&held)).bound(), None);
    assert_eq!(
        tokens("a2", None).succeeding(Some(&held)).bound(),
        None,
        "the answer says what it is bound to"
    );
    let bearer = tokens("a1", Some("r1")).bound_to(key, false);
    assert!(bearer.proof_key().is_none() && bearer.bound().is_some());
    assert!(!format!("{held:?}").contains("\"key\""));
}

fn jwt(claims: &str) -> Secret {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    Secret::new(format!("{}.{}.signature", part(r#"{"alg":"ES256"}"#), part(claims)))
}

#[test]
fn jwt_tells_its_end_where_the_answer_tells_none() {
    let both = jwt(r#"{"iat":1700000000,"exp":1700003600}"#);
    assert_eq!(Expiry::of_jwt(&both, true), Some(Expiry::In(Duration::from_secs(3_600))));
    assert_eq!(Expiry::of_jwt(&both, false), Some(Expiry::At(1_700_003_600_000)));
    assert_eq!(Expiry::of_jwt(&jwt(r#"{"exp":1700003600.5}"#), true), Some(Expiry::At(1_700_003_600_500)));
}

#[test]
fn token_that_is_no_jwt_or_tells_nonsense_has_no_end() {
    let odd =
        [r#"{"exp":"soon"}"#, r#"{"exp":-1}"#, r#"{"exp":1e300}"#, r#"{"iat":5,"exp":5}"#, "{}", "[", "null"];
    for token in odd
        .map(jwt)
        .into_iter()
        .chain(["a", "a.b.c", "..", "a.b", "a.e30.c.d.e"].map(|t| Secret::new(t.into())))
    {
        assert_eq!(Expiry::of_jwt(&token, true), None);
    }
}
