use super::*;

#[tokio::test(start_paused = true)]
async fn a_pause_ends_by_itself_and_is_never_cut_short() {
    let pause = Pause::default();
    assert_eq!(pause.left(), None);
    pause.begin(Some(Duration::from_secs(100)));
    pause.begin(None);
    let left = pause.left().unwrap();
    assert!(left >= Duration::from_secs(100) && left <= Duration::from_secs(102), "{left:?}");
    tokio::time::advance(Duration::from_secs(100)).await;
    assert_eq!(pause.left(), None);
}

#[tokio::test(start_paused = true)]
async fn an_endless_pause_is_cut() {
    let pause = Pause::default();
    pause.begin(Some(Duration::MAX));
    assert!(pause.left().unwrap() <= LONGEST + SPREAD);
}
