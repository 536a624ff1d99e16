use futures_util::FutureExt;

use super::Changes;

#[test]
fn nothing_is_promised_before_the_watch_has_begun() {
    let changes = Changes::default();
    assert!(changes.next("a").is_none());
    changes.tell(true, None);
    assert!(changes.next("a").is_some());
    changes.tell(false, None);
    assert!(changes.next("a").is_none());
}

#[test]
fn change_wakes_those_of_its_session() {
    let changes = Changes::default();
    changes.tell(true, None);
    let [first, second, other] = ["a", "a", "b"].map(|session| changes.next(session).unwrap());
    changes.tell(true, Some("a"));
    assert_eq!(first.now_or_never(), Some(()), "before its first poll");
    assert_eq!(second.now_or_never(), Some(()));
    assert_eq!(other.now_or_never(), None);
    assert_eq!(changes.next("a").unwrap().now_or_never(), None, "a change before this call");
}

#[test]
fn change_of_an_unknown_session_and_the_end_of_the_watch_wake_all() {
    let changes = Changes::default();
    changes.tell(true, None);
    for (watches, session) in [(true, None), (false, None), (false, Some("a"))] {
        changes.tell(true, None);
        let waiting = ["a", "b"].map(|session| changes.next(session).unwrap());
        changes.tell(watches, session);
        assert_eq!(waiting.map(FutureExt::now_or_never), [Some(()), Some(())]);
    }
}

#[test]
fn sessions_that_nobody_waits_for_are_forgotten() {
    let changes = Changes::default();
    changes.tell(true, None);
    for n in 0..10_000 {
        drop(changes.next(&n.to_string()));
    }
    assert!(changes.waiting.lock().capacity() < 100);
}
