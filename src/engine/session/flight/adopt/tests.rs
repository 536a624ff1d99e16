use super::*;
use crate::store::{Record, Version};
use crate::token::tests::tokens;

fn versioned(tokens: Tokens) -> Versioned {
    Versioned { tokens: tokens.into(), version: Version::random() }
}

#[test]
fn tokens_that_were_replaced_are_never_news() {
    let [first, second, third] = std::array::from_fn(|n| versioned(tokens(&format!("a{n}"), None)));
    let tombstone = Stored { record: Record { tokens: None }, version: Version::random() };
    let mine = Some(&second);
    let mut replaced = Replaced::default();
    replaced.add(&first.tokens.access);
    assert_eq!(judge(&replaced, mine, Some(second.stored())), Found::Mine);
    assert_eq!(judge(&replaced, mine, Some(first.stored())), Found::Replaced);
    assert_eq!(judge(&replaced, mine, Some(third.stored())), Found::News(third.clone()));
    assert_eq!(judge(&replaced, None, Some(third.stored())), Found::News(third));
    let elsewhere = |of: &Versioned| Some(Stored { version: Version::random(), ..of.stored() });
    assert_eq!(judge(&replaced, mine, elsewhere(&second)), Found::Mine);
    assert_eq!(judge(&replaced, mine, elsewhere(&first)), Found::Replaced);
    assert_eq!(judge(&replaced, None, Some(first.stored())), Found::Replaced);
    for nothing in [None, Some(tombstone)] {
        assert_eq!(judge(&replaced, mine, nothing.clone()), Found::Gone);
        assert_eq!(judge(&replaced, None, nothing), Found::Mine);
    }
    replaced.remove(&first.tokens);
    assert_eq!(judge(&replaced, mine, Some(first.stored())), Found::News(first));
}

#[test]
fn tokens_with_an_older_expiry_are_no_news() {
    let expiring = |name: &str, at| versioned(tokens(name, Some(name)).expiring_at(at));
    let mine = expiring("mine", Some(2_000));
    for (expiry, is_news) in [(Some(1_999), false), (Some(2_000), true), (Some(2_001), true), (None, true)] {
        let stored = expiring("stored", expiry);
        let expected = if is_news { Found::News(stored.clone()) } else { Found::Replaced };
        assert_eq!(judge(&Replaced::default(), Some(&mine), Some(stored.stored())), expected);
    }
    // The store rounds expiries, and has a refresh token that a login did not show.
    let stored = versioned(tokens("mine", Some("other")).expiring_at(Some(1_000)));
    assert_eq!(judge(&Replaced::default(), Some(&mine), Some(stored.stored())), Found::News(stored));
}
