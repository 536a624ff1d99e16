use super::*;
use crate::clock;
use crate::session::held::tests::held;
use crate::token::tests::tokens;
use std::num::NonZeroU64;

fn policy(refresh_ahead: Option<Duration>) -> Policy {
    let refresh_timeout = Duration::from_secs(10);
    let rotation_grace = Duration::ZERO;
    Policy {
        refresh_ahead,
        refresh_timeout,
        max_retries: 3,
        rotation_grace,
        keep_alive: None,
        confirm_every: Duration::ZERO,
        drain_on_exit: Duration::ZERO,
        spread: None,
        anonymous: false,
        forgets: false,
    }
}

#[tokio::test(start_paused = true)]
async fn rotates_a_fifth_of_the_lifetime_ahead_and_at_most_five_minutes() {
    let now = clock::now();
    let living = |secs: u64| {
        let tokens = tokens("a", None).expiring_at(Some(secs * 1000));
        held(tokens, true, now, 0)
    };
    let at = |secs| now + Duration::from_secs(secs);
    assert!(!due_ahead(&living(100), &policy(None), at(79)));
    assert!(due_ahead(&living(100), &policy(None), at(80)));
    assert!(!due_ahead(&living(86_400), &policy(None), at(86_400 - 301)));
    assert!(due_ahead(&living(86_400), &policy(None), at(86_400 - 300)));
    assert!(!due_ahead(&living(100), &policy(Some(Duration::ZERO)), at(100)), "0 turns it off");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_a_refresh_are_not_due_on_arrival() {
    let now = clock::now();
    let living = |from_refresh| {
        let tokens = tokens("a", None).expiring_at(Some(100_000));
        held(tokens, from_refresh, now, 0)
    };
    let at = |secs| now + Duration::from_secs(secs);
    for ahead in [100, 600] {
        let policy = policy(Some(Duration::from_secs(ahead)));
        assert!(!due_ahead(&living(true), &policy, at(49)));
        assert!(due_ahead(&living(true), &policy, at(50)));
        assert!(due_ahead(&living(false), &policy, now), "stored tokens may be at the end of their life");
    }
    assert!(
        due_ahead(&living(true), &policy(Some(Duration::from_secs(99))), at(1)),
        "as late as the option says"
    );
}

#[test]
fn pauses_double_within_their_bounds_and_respect_the_server() {
    let secs = Duration::from_secs;
    assert_eq!(cool_down(1, None, 0.0), secs(1));
    assert_eq!(cool_down(1, None, 1.0), secs(2));
    assert_eq!(cool_down(3, None, 1.0), secs(8));
    assert_eq!(cool_down(40, None, 1.0), secs(60));
    assert_eq!(cool_down(1, Some(secs(120)), 0.5), secs(120));
    assert_eq!(cool_down(1, Some(secs(86_400)), 0.5), secs(3600));
    assert_eq!(try_pause(1, None, 1.0), Duration::from_millis(200));
    assert_eq!(try_pause(30, None, 1.0), secs(2));
}

#[test]
fn refresh_is_given_up_after_three_timeouts_and_never_before_half_a_minute() {
    assert_eq!(policy(None).hard_limit(), Duration::from_secs(30));
    let patient = Policy { refresh_timeout: Duration::from_secs(20), ..policy(None) };
    assert_eq!(patient.hard_limit(), Duration::from_secs(60));
}

#[test]
fn margins_differ_by_process_and_the_first_to_rotate_by_generation() {
    let process = |own| Policy { spread: Some(own), ..policy(None) };
    let processes = [process(0.1), process(0.4), process(0.9)];
    let mut first = Vec::new();
    for generation in 0..30 {
        let margins = processes.each_ref().map(|policy| spread(policy, generation));
        assert!(margins.iter().all(|margin| (0.9..1.1).contains(margin)), "{margins:?}");
        let widest = (0..3).max_by(|one, other| margins[*one].total_cmp(&margins[*other])).unwrap();
        first.push(widest);
    }
    for process in 0..3 {
        assert!(first.iter().filter(|first| **first == process).count() >= 5, "{first:?}");
    }
    assert_eq!(spread(&policy(None), 7).to_bits(), 1.0_f64.to_bits());
}

/// Tokens that live for a day, and that the server wants to be rotated after `wanted`.
fn wanted(wanted: u64, from_refresh: bool, now: crate::clock::Instant) -> Held {
    let tokens = tokens("a", None).expiring_at(Some(86_400_000)).due_at(NonZeroU64::new(wanted));
    held(tokens, from_refresh, now, 0)
}

#[tokio::test(start_paused = true)]
async fn rotates_when_the_server_wants_it_long_before_expiry() {
    let now = clock::now();
    let at = |secs| now + Duration::from_secs(secs);
    assert!(!due_ahead(&wanted(43_200_000, true, now), &policy(None), at(43_199)));
    assert!(due_ahead(&wanted(43_200_000, true, now), &policy(None), at(43_200)));
    let off = policy(Some(Duration::ZERO));
    assert!(!due_ahead(&wanted(43_200_000, true, now), &off, at(86_399)), "0 turns it off");
    let endless = tokens("a", None).due_at(NonZeroU64::new(1_000_000));
    let endless = held(endless, true, now, 0);
    assert!(!due_ahead(&endless, &policy(None), at(999)) && due_ahead(&endless, &policy(None), at(1_000)));
}

#[tokio::test(start_paused = true)]
async fn server_that_wants_a_rotation_at_once_is_not_asked_each_second() {
    let now = clock::now();
    let at = |secs| now + Duration::from_secs(secs);
    assert!(!due_ahead(&wanted(1, true, now), &policy(None), at(59)));
    assert!(due_ahead(&wanted(1, true, now), &policy(None), at(60)));
    assert!(due_ahead(&wanted(1, false, now), &policy(None), at(1)), "stored tokens may be older");
    let since = tokens("a", None).expiring_at(Some(86_400_000)).due_at(NonZeroU64::new(1));
    let last = Policy { spread: Some(0.999), ..policy(None) };
    assert!(!due_ahead(&held(since.clone(), false, now, 299_000), &last, now));
    assert!(due_ahead(&held(since, false, now, 301_000), &last, now), "of all processes the last");
}

#[tokio::test(start_paused = true)]
async fn processes_do_what_the_server_wants_one_after_the_other_and_never_sooner() {
    let now = clock::now();
    let at = |secs| now + Duration::from_secs(secs);
    let wanted = wanted(43_200_000, true, now);
    let begin = |own: f64| {
        let policy = Policy { spread: Some(own), ..policy(None) };
        (43_200..43_600).find(|secs| due_ahead(&wanted, &policy, at(*secs))).unwrap()
    };
    assert_eq!([0.0, 0.5, 0.99].map(begin), [43_200, 43_350, 43_497]);
}
