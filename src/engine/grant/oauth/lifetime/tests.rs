//! The table has the cases of `__test__/tokens.test.js`, because both sides have to read a time alike.

use serde_json::json;

use super::*;

fn read(answer: &Value) -> Option<Expiry> {
    expiry(|name| answer.get(name).cloned())
}

fn lives(seconds: u64) -> Expiry {
    Expiry::In(Duration::from_secs(seconds))
}

#[test]
fn lifetimes() {
    for (written, expected) in [
        (json!(3600), Some(lives(3600))),
        (json!("3600"), Some(lives(3600))),
        (json!(" 3600 "), Some(lives(3600))),
        (json!(3599.0), Some(lives(3599))),
        (json!(3_600_000), Some(lives(3600))),
        (json!(86_400), Some(lives(86_400))),
        (json!(2_592_000), Some(lives(2_592_000))),
        (json!(0), None),
        (json!(-1), None),
        (json!(null), None),
        (json!(""), None),
        (json!("soon"), None),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!(true), None),
        (json!({}), None),
        (json!(1_900_000_000), Some(Expiry::At(1_900_000_000_000))),
    ] {
        assert_eq!(read(&json!({ "expires_in": written })), expected, "{written}");
    }
    assert_eq!(read(&json!({ "expires_in": 59.5 })), Some(Expiry::In(Duration::from_millis(59_500))));
}

#[test]
fn moments_count_where_no_lifetime_is_given() {
    for name in MOMENTS {
        for (written, expected) in [
            (json!(1_900_000_000), Some(Expiry::At(1_900_000_000_000))),
            (json!("1900000000"), Some(Expiry::At(1_900_000_000_000))),
            (json!(1_900_000_000_000_u64), Some(Expiry::At(1_900_000_000_000))),
            (json!(3600), Some(lives(3600))),
            (json!(1), None),
        ] {
            assert_eq!(read(&json!({ name: written })), expected, "{name}: {written}");
        }
    }
    // Microsoft's first version has both, as text.
    assert_eq!(read(&json!({ "expires_on": "1900000000", "expires_in": "3599" })), Some(lives(3599)));
}
