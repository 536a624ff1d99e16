use super::*;

pub(crate) fn tokens(access: &str, refresh: Option<&str>) -> Tokens {
    let secret = |text: &str| Secret::new(text.into());
    Tokens::new(secret(access), refresh.map(secret), None, None).unwrap()
}

fn with_extra(access: &str, extra: &str) -> Tokens {
    Tokens { extra: Some(Secret::new(extra.into())), ..tokens(access, None) }
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
fn a_successor_keeps_the_refresh_token_and_the_fields_it_does_not_mention() {
    let held =
        Tokens { refresh: Some(Secret::new("r1".into())), ..with_extra("a1", r#"{"tenant":7,"scope":"x"}"#) };
    let next = with_extra("a2", r#"{"scope":"y"}"#).succeeding(Some(&held));
    assert_eq!(next.refresh.unwrap().expose(), "r1");
    assert_eq!(next.extra.unwrap().expose(), r#"{"tenant":7,"scope":"y"}"#);
    assert_eq!(tokens("a3", Some("r3")).succeeding(Some(&held)).refresh.unwrap().expose(), "r3");
}
