use super::*;
use crate::store::Record;
use crate::token::tests::tokens;

#[test]
fn version_that_was_replaced_is_never_news() {
    let [first, second, third] = std::array::from_fn(|n| {
        let tokens = tokens(&format!("a{n}"), None);
        Versioned { tokens, version: Version::random() }
    });
    let tombstone = Stored { record: Record { tokens: None }, version: Version::random() };
    let mine = Some(second.version);
    let mut replaced = Replaced::default();
    replaced.add(first.version, &first.tokens);
    assert_eq!(replaced.judge(mine, Some(second.stored())), Found::Mine);
    assert_eq!(replaced.judge(mine, Some(first.stored())), Found::Replaced);
    assert_eq!(replaced.judge(mine, Some(third.stored())), Found::News(third.clone()));
    assert_eq!(replaced.judge(None, Some(third.stored())), Found::News(third));
    assert_eq!(replaced.judge(None, Some(first.stored())), Found::Replaced);
    for nothing in [None, Some(tombstone)] {
        assert_eq!(replaced.judge(mine, nothing.clone()), Found::Gone);
        assert_eq!(replaced.judge(None, nothing), Found::Mine);
    }
    replaced.remove(&first.tokens);
    assert_eq!(replaced.judge(mine, Some(first.stored())), Found::News(first));
}
