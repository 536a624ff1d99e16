use super::*;

#[test]
fn a_number_is_given_again_once_its_value_was_removed() {
    let mut numbered = Numbered::default();
    assert_eq!(["a", "b", "c"].map(|value| numbered.add(value)), [0, 1, 2]);
    assert_eq!((numbered.remove(1), numbered.remove(1), numbered.remove(9)), (Some("b"), None, None));
    assert_eq!((numbered.add("d"), numbered.add("e")), (1, 3));
    assert_eq!([0, 1, 2, 3].map(|number| numbered.get(number)), ["a", "d", "c", "e"]);
}
