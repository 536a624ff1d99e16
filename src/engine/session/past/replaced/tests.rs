use super::*;
use crate::token::tests::tokens;

fn pair(n: usize) -> Tokens {
    tokens(&format!("a{n}"), Some(&format!("r{n}")))
}

fn secret(n: usize) -> Secret {
    Secret::new(format!("r{n}"))
}

#[test]
fn thousands_of_tokens_are_remembered_and_a_million_take_no_more_room() {
    let mut replaced = Replaced::default();
    for n in 0..MAX_REPLACED + 10 {
        replaced.add(&secret(n));
    }
    let with = |n: usize| pair(0).with_refresh(secret(n));
    assert!(!replaced.contains(&with(9)));
    assert!(replaced.contains(&with(10)) && replaced.contains(&with(MAX_REPLACED + 9)));
    assert_eq!(replaced.0.len(), MAX_REPLACED);
    assert!(replaced.0.capacity() <= 2 * MAX_REPLACED);
}

#[test]
fn spent_refresh_token_is_known_beside_any_access_token_and_a_lasting_one_is_not_spent() {
    let (first, second) = (pair(1), pair(2));
    let mut replaced = Replaced::default();
    replaced.add(outdated(&first, &second));
    assert!(replaced.contains(&pair(9).with_refresh(first.refresh.clone().unwrap())));

    let lasting = |n| pair(n).with_refresh(secret(0));
    let mut replaced = Replaced::default();
    replaced.add(outdated(&lasting(1), &lasting(2)));
    assert!(replaced.contains(&lasting(1)) && !replaced.contains(&lasting(3)));
}

#[test]
fn refresh_tokens_that_came_alone_are_not_taken_for_each_other() {
    let mut replaced = Replaced::default();
    replaced.add_unspent(&Tokens::without_access(secret(1)));
    assert!(replaced.contains(&Tokens::without_access(secret(1))));
    assert!(!replaced.contains(&Tokens::without_access(secret(2))));
    replaced.add(&Tokens::without_access(secret(3)).access);
    assert!(!replaced.contains(&Tokens::without_access(secret(2))));
}
