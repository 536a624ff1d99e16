use super::*;

fn numbered(keys: u32) -> PartedMap<Box<str>, u32> {
    let mut map = PartedMap::default();
    for key in 0..keys {
        map.insert(key.to_string().into(), key, |_| true);
    }
    map
}

#[test]
fn each_key_is_found_until_it_is_removed() {
    let mut map = numbered(1_000);
    map.remove("7");
    map.insert("8".into(), 80, |_| true);
    assert_eq!((map.get("6"), map.get("7"), map.get("8")), (Some(&6), None, Some(&80)));
    assert_eq!(map.values().count(), 999);
}

/// A part with most of the keys would grow like one table.
#[test]
fn keys_are_spread_over_the_parts() {
    let map = numbered(32_000);
    assert!(map.parts.iter().all(|part| (500..2_000).contains(&part.len())));
}

/// A look at all values for each insertion would cost too much. It would also leave one value in each part.
#[test]
fn values_that_are_refused_go_only_when_there_is_no_room() {
    let mut map = numbered(0);
    for key in 0..10_000 {
        map.insert(key.to_string().into(), key, |_| false);
    }
    let left = map.values().count();
    assert!((PARTS + 1..8 * PARTS).contains(&left), "{left}");
}
