use super::*;
use crate::store::{Record, Version};
use crate::token::tests::tokens;

#[test]
fn tokens_that_were_replaced_are_never_news() {
    let [first, second, third] = std::array::from_fn(|n| {
        let tokens = tokens(&format!("a{n}"), None);
        Versioned { tokens: tokens.into(), version: Version::random() }
    });
    let tombstone = Stored { record: Record { tokens: None }, version: Version::random() };
    let mine = Some(&second);
    let mut replaced = Replaced::default();
    replaced.add(&first.tokens);
    assert_eq!(replaced.judge(mine, Some(second.stored())), Found::Mine);
    assert_eq!(replaced.judge(mine, Some(first.stored())), Found::Replaced);
    assert_eq!(replaced.judge(mine, Some(third.stored())), Found::News(third.clone()));
    assert_eq!(replaced.judge(None, Some(third.stored())), Found::News(third));
    let elsewhere = |of: &Versioned| Some(Stored { version: Version::random(), ..of.stored() });
    assert_eq!(replaced.judge(mine, elsewhere(&second)), Found::Mine);
    assert_eq!(replaced.judge(mine, elsewhere(&first)), Found::Replaced);
    assert_eq!(replaced.judge(None, Some(first.stored())), Found::Replaced);
    for nothing in [None, Some(tombstone)] {
        assert_eq!(replaced.judge(mine, nothing.clone()), Found::Gone);
        assert_eq!(replaced.judge(None, nothing), Found::Mine);
    }
    replaced.remove(&first.tokens);
    assert_eq!(replaced.judge(mine, Some(first.stored())), Found::News(first));
}
