use super::*;
use crate::client::endpoint;
use crate::clock;

const A: Endpoint = Endpoint { resource: 1, shape: 1 };
const B: Endpoint = Endpoint { resource: 2, shape: 2 };
const NEW: Endpoint = Endpoint { resource: 3, shape: 3 };

fn order(id: u32) -> Endpoint {
    Endpoint { resource: 100 + id, shape: 40 }
}

#[tokio::test(start_paused = true)]
async fn all_resources_of_a_shape_that_never_accepted_refuse_together() {
    let mut endpoints = Endpoints::default();
    endpoints.refused(order(1), 2, clock::now());
    assert!(endpoints.refuses(order(1)) && endpoints.refuses(order(2)));
    assert!(!endpoints.refuses(A));
}

#[tokio::test(start_paused = true)]
async fn one_resource_refuses_where_others_of_its_shape_accept() {
    let mut endpoints = Endpoints::default();
    endpoints.accepted(order(1), true, false);
    endpoints.rotated();
    endpoints.refused(order(2), 2, clock::now());
    assert!(endpoints.refuses(order(2)) && !endpoints.refuses(order(1)));
    endpoints.accepted(order(1), true, false);
    assert!(endpoints.refuses(order(2)), "the other one has accepted");
    endpoints.accepted(order(2), true, false);
    assert!(!endpoints.refuses(order(2)));
}

#[tokio::test(start_paused = true)]
async fn other_resources_of_a_shape_may_accept_the_token_that_one_refuses() {
    let mut endpoints = Endpoints::default();
    endpoints.accepted(order(1), true, false);
    assert!(!endpoints.accepts_held(order(2)));
    endpoints.refused(order(2), 2, clock::now());
    assert!(endpoints.refuses(order(2)) && !endpoints.refuses(order(1)));
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_accepted_is_news_until_a_rotation_did_not_help_it() {
    let mut endpoints = Endpoints::default();
    assert!(!endpoints.accepts(A));
    endpoints.accepted(A, true, false);
    assert!(endpoints.accepts(A) && !endpoints.accepts(B));
    endpoints.rotated();
    endpoints.refused(A, 2, clock::now());
    endpoints.accepted(A, true, false);
    assert!(!endpoints.accepts(A), "it refuses some requests and accepts others");
}

#[tokio::test(start_paused = true)]
async fn new_endpoints_rotate_rarely_after_rotations_that_did_not_help() {
    let mut endpoints = Endpoints::default();
    endpoints.accepted(A, true, false);
    for (useless, generation) in [(1, 2), (1, 2), (2, 3), (3, 4)] {
        assert!(endpoints.deserves_rotation(NEW, clock::now()), "{useless}");
        endpoints.refused(Endpoint { resource: 10 + useless, shape: 10 + useless }, generation, clock::now());
    }
    assert!(!endpoints.deserves_rotation(NEW, clock::now()));
    assert!(endpoints.deserves_rotation(A, clock::now()), "it accepted before");
    assert!(endpoints.deserves_rotation(NEW, clock::now() + TRY_AGAIN));
    endpoints.accepted(B, true, true);
    assert!(!endpoints.deserves_rotation(NEW, clock::now()), "the rotation ended the token of B");
    endpoints.rotates(B, 4);
    endpoints.accepted(B, true, true);
    assert!(endpoints.deserves_rotation(NEW, clock::now()), "B began a rotation, and that helped");
}

#[test]
fn endpoints_of_one_host_are_seldom_taken_for_the_one_that_accepts() {
    let mut confused = 0;
    for port in 30_000..31_000 {
        let at = |path: &str| endpoint("GET", &format!("http://127.0.0.1:{port}/api/{path}"));
        let mut endpoints = Endpoints::default();
        endpoints.accepted(at("orders"), true, false);
        confused += ('a'..='o').filter(|path| endpoints.accepts(at(&path.to_string()))).count();
    }
    assert!(confused < 30, "{confused} of 15 000");
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_forgets_the_oldest() {
    let mut endpoints = Endpoints::default();
    for id in 0..1_000 {
        endpoints.refused(Endpoint { resource: id, shape: id }, 2, clock::now());
    }
    let refuses = |id| endpoints.refuses(Endpoint { resource: id, shape: id });
    assert!(!refuses(0) && refuses(999));
    assert_eq!(endpoints.refusing.as_ref().unwrap().refusals.len(), REMEMBERED);
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_accepted_the_token_held_is_not_taken_for_one_that_refuses() {
    let mut endpoints = Endpoints::default();
    endpoints.accepted(A, true, false);
    endpoints.refused(A, 2, clock::now());
    assert!(!endpoints.refuses(A), "other requests may wait for the next token");
    assert!(!endpoints.accepts_held(A), "it has begun a rotation by that once");
    let mut endpoints = Endpoints::default();
    endpoints.accepted(A, true, false);
    endpoints.rotated();
    assert!(endpoints.accepts(A) && !endpoints.accepts_held(A));
}

#[tokio::test(start_paused = true)]
async fn endpoint_whose_requests_are_not_replayed_is_known_by_its_next_rejection() {
    let mut endpoints = Endpoints::default();
    endpoints.rotates(order(1), 1);
    assert!(!endpoints.rotated_in_vain(order(1), 1), "the rotation is not over");
    assert!(endpoints.rotated_in_vain(order(1), 2) && endpoints.rotated_in_vain(order(2), 2));
    assert!(!endpoints.rotated_in_vain(A, 2));
    endpoints.accepted(order(2), true, false);
    assert!(endpoints.rotated_in_vain(order(1), 2) && !endpoints.rotated_in_vain(order(2), 2));
    endpoints.accepted(order(1), true, false);
    assert!(!endpoints.rotated_in_vain(order(1), 3));
    assert!(endpoints.accepts(order(1)), "every token expires once");
}
