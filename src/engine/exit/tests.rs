use std::sync::Arc;
use std::thread;

use super::*;

/// How many pieces of work the exit waits for as long as this. Tests tell each other apart by the time.
pub(crate) fn held(time: Duration) -> usize {
    PROCESS.held().get(&time).copied().unwrap_or_default()
}

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn exit_waits_for_all_that_is_held() {
    let exit = Arc::new(Exit::default());
    exit.add(HOUR);
    exit.add(HOUR);
    exit.add(2 * HOUR);
    let waiting = thread::spawn({
        let exit = Arc::clone(&exit);
        move || exit.wait()
    });
    while !exit.begun.is_cancelled() {
        thread::yield_now();
    }
    for time in [HOUR, 2 * HOUR, HOUR] {
        assert!(!waiting.is_finished());
        exit.remove(time);
    }
    waiting.join().unwrap();
    assert!(!exit.is_held());
}

#[test]
fn exit_waits_no_longer_than_the_work_may_take() {
    let exit = Exit::default();
    exit.add(Duration::from_millis(20));
    exit.add(Duration::from_millis(1));
    let begun = clock::now();
    exit.wait();
    assert!(clock::now() - begun >= Duration::from_millis(20));
    assert!(exit.is_held());
}

#[test]
fn work_that_is_idle_is_not_waited_for() {
    let time = Duration::from_secs(7);
    let hold = hold(time).unwrap();
    assert_eq!(held(time), 1);
    let idle = hold.idle();
    assert_eq!(held(time), 0);
    drop(idle);
    assert_eq!(held(time), 1);
    drop(hold);
    assert_eq!(held(time), 0);
}

#[test]
fn zero_turns_it_off() {
    assert!(hold(Duration::ZERO).is_none());
}

#[tokio::test(start_paused = true)]
async fn pause_is_a_pause() {
    let begun = clock::now();
    pause(HOUR).await;
    assert_eq!(clock::now() - begun, HOUR);
}
