use super::*;

fn same_shape(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|url| endpoint("GET", url));
    assert!((one == other) <= (one.shape == other.shape));
    one.shape == other.shape
}

#[test]
fn ids_in_a_path_make_no_other_shape() {
    let api = "https://api.example/v1";
    for (one, other) in [
        ("/orders/7", "/orders/8"),
        ("/orders/7?page=1", "/orders/8?page=2"),
        ("/u/0c5b1e7e-4b1c-4c8e-9b1a-2d3e4f5a6b7c/x", "/u/6f9619ff-8b86-d011-b42d-00cf4fc964ff/x"),
        ("/orders?page=1", "/orders?page=2"),
        ("/orders#a", "/orders#b"),
    ] {
        assert!(same_shape(&format!("{api}{one}"), &format!("{api}{other}")), "{one} {other}");
    }
}

#[test]
fn paths_methods_origins_and_versions_are_other_shapes() {
    for (one, other) in [
        ("https://api.example/orders", "https://api.example/users"),
        ("https://api.example/orders", "https://api.example/orders/7"),
        ("https://api.example/v1/orders", "https://api.example/v2/orders"),
        ("https://a1.example/orders", "https://a2.example/orders"),
        ("https://api.example:1/orders", "https://api.example:2/orders"),
        ("https://api.example/a/bc", "https://api.example/ab/c"),
    ] {
        assert!(!same_shape(one, other), "{one} {other}");
    }
    assert_ne!(endpoint("GET", "https://api.example/x"), endpoint("POST", "https://api.example/x"));
}

#[test]
fn resource_is_the_whole_url_without_its_fragment() {
    let of = |url| endpoint("GET", url).resource;
    assert_ne!(of("https://api.example/orders/7"), of("https://api.example/orders/8"));
    assert_ne!(of("https://api.example/orders?id=7"), of("https://api.example/orders?id=8"));
    assert_eq!(of("https://api.example/orders#a"), of("https://api.example/orders"));
}
