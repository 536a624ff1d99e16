//! The rules alone. The client's own tests show how it applies them.

use ::http::HeaderValue;
use bytes::Bytes;
use url::Url;

use super::*;
use crate::fault::Fault;
use crate::http::Payload;

fn rules() -> RetryRules {
    RetryRules {
        limit: 2,
        methods: vec![Method::GET],
        statuses: vec![503],
        max_delay: Duration::from_secs(30),
    }
}

fn request(method: Method) -> WireRequest {
    let url = Url::parse("https://api.example/").unwrap();
    WireRequest { method, url, headers: HeaderMap::new(), body: Payload::default() }
}

#[allow(clippy::unnecessary_wraps, reason = "as `pause` takes it")]
fn answer(status: u16, retry_after: Option<&'static str>) -> Result<Box<Response>, Error> {
    let mut headers = HeaderMap::new();
    headers.extend(retry_after.map(|after| (RETRY_AFTER, HeaderValue::from_static(after))));
    Ok(Box::new(Response {
        status,
        reason: "".into(),
        url: Url::parse("https://api.example/").unwrap(),
        redirected: false,
        became_get: false,
        left_origin: false,
        headers,
        body: Bytes::new(),
        download: None,
        unfollowed: None,
    }))
}

fn failed(fault: Fault) -> Result<Box<Response>, Error> {
    Err(Error::Network { subject: String::new(), fault })
}

fn again(request: &WireRequest, answer: &Result<Box<Response>, Error>, unsent: bool) -> bool {
    rules().pause(0, request, answer, unsent, 0.5).is_some()
}

#[test]
fn answers_and_errors_that_pass_are_tried_again_and_others_are_not() {
    let get = request(Method::GET);
    assert!(again(&get, &answer(503, None), false));
    assert!(again(&get, &failed(Fault::Reset), false));
    let after = Duration::from_secs(10);
    assert!(again(&get, &Err(Error::Timeout { phase: Phase::Connect, after }), false));
    for status in [200, 301, 401, 404, 500] {
        assert!(!again(&get, &answer(status, None), false), "{status}");
    }
    for fault in [Fault::Expired, Fault::NotHttp, Fault::NotTls] {
        assert!(!again(&get, &failed(fault), true), "{fault}");
    }
    assert!(!again(&get, &Err(Error::Timeout { phase: Phase::Response, after }), false));
    assert!(!again(&get, &Err(Error::ClientClosed), true));
}

#[test]
fn a_post_is_repeated_only_if_it_never_left_or_has_a_key() {
    let mut post = request(Method::POST);
    assert!(!again(&post, &answer(503, None), false));
    assert!(!again(&post, &answer(503, None), true), "an answer proves that it left");
    assert!(!again(&post, &failed(Fault::Reset), false));
    assert!(again(&post, &failed(Fault::Refused), true));
    post.headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("k"));
    assert!(again(&post, &answer(503, None), false));
    assert!(again(&post, &failed(Fault::Reset), false));
}

#[test]
fn tries_end_with_the_limit() {
    let get = request(Method::GET);
    let retries = |retries| rules().pause(retries, &get, &answer(503, None), false, 0.5).is_some();
    assert_eq!([retries(0), retries(1), retries(2)], [true, true, false]);
}

#[test]
fn the_pause_is_random_below_a_bound_that_doubles_up_to_the_longest() {
    let get = request(Method::GET);
    let pause = |retries, chance| {
        let rules = RetryRules { limit: 99, max_delay: Duration::from_secs(1), ..rules() };
        rules.pause(retries, &get, &answer(503, None), false, chance).unwrap().as_millis()
    };
    assert_eq!([pause(0, 0.0), pause(0, 0.5), pause(0, 1.0)], [0, 100, 200]);
    assert_eq!([pause(1, 1.0), pause(2, 1.0), pause(3, 1.0), pause(98, 1.0)], [400, 800, 1000, 1000]);
}

#[test]
fn the_servers_own_time_wins_unless_it_is_too_long() {
    let get = request(Method::GET);
    let pause = |after| rules().pause(0, &get, &answer(503, Some(after)), false, 0.5);
    assert_eq!(pause("7"), Some(Duration::from_secs(7)));
    assert_eq!(pause("30"), Some(Duration::from_secs(30)));
    assert_eq!((pause("31"), pause("99999999999999999999999")), (None, None));
    assert_eq!(pause("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO), "a date that is past");
    assert_eq!(pause("Fri, 31 Dec 9999 23:59:59 GMT"), None);
    assert_eq!(pause("soon"), Some(Duration::from_millis(100)), "nothing to go by");
    let headers = answer(503, Some("Thu, 01 Jan 1970 00:01:00 GMT")).unwrap().headers;
    assert_eq!(retry_after(&headers, 45_000), Some(Duration::from_secs(15)));
}

#[test]
fn a_body_that_is_used_up_is_not_sent_again() {
    use crate::http::body::outgoing::{Chunks, Source};
    struct Used;
    impl Source for Used {
        fn open(&self) -> Option<Chunks> {
            None
        }
        fn is_fresh(&self) -> bool {
            false
        }
        fn length(&self) -> Option<u64> {
            None
        }
        fn failure(&self) -> Option<Error> {
            None
        }
        fn stop(&self) {}
    }
    let mut put = request(Method::GET);
    put.body = Payload::Stream(std::sync::Arc::new(Used));
    assert!(!again(&put, &answer(503, None), false));
}

#[test]
fn a_budget_runs_out_and_comes_back_with_success() {
    let budget = Budget::default();
    assert_eq!((0..1000).filter(|_| budget.spend()).count(), 100);
    (0..4).for_each(|_| budget.earn());
    assert!(!budget.spend());
    budget.earn();
    assert!(budget.spend());
    (0..10_000).for_each(|_| budget.earn());
    assert_eq!((0..1000).filter(|_| budget.spend()).count(), 100, "no more than full");
}
