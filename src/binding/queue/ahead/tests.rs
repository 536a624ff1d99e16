use std::sync::Arc;

use super::Ahead;

#[test]
fn nothing_is_answered_at_once_that_would_overtake_a_hook_or_a_change() {
    let ahead = Arc::<Ahead>::default();
    let at_once = || ahead.at_once(|| Some(())).is_some();
    assert!(at_once());

    ahead.enter();
    assert!(!at_once());
    ahead.leave();
    assert!(at_once());
    let queued_meanwhile = ahead.at_once(|| {
        ahead.enter();
        Some(())
    });
    assert!(queued_meanwhile.is_none());
    ahead.leave();

    let change = ahead.change();
    let begun_meanwhile = ahead.at_once(|| {
        drop(change);
        Some(())
    });
    assert!(begun_meanwhile.is_none());
    assert!(at_once());
}

#[tokio::test]
async fn change_has_begun_with_its_first_poll_and_not_before() {
    let ahead = Arc::<Ahead>::default();
    let at_once = || ahead.at_once(|| Some(())).is_some();
    let work = async {
        assert!(!at_once());
        tokio::task::yield_now().await;
        assert!(at_once());
    };
    ahead.change().begin(work).await;
}
