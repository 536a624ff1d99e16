use super::*;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

#[tokio::test]
async fn lower_numbers_go_first_however_late_they_began_to_wait() {
    let outcome = Arc::new(Outcome::default());
    let served = Arc::new(Mutex::new(Vec::new()));
    let numbers: Vec<_> = (0..6).map(|_| Arrival::draw()).collect();
    let waiting: Vec<_> = [3, 5, 0, 4, 1, 2]
        .map(|at| {
            let (outcome, served, number) = (Arc::clone(&outcome), Arc::clone(&served), numbers[at]);
            tokio::spawn(async move {
                outcome.wait(number).await;
                served.lock().unwrap().push(at);
            })
        })
        .into();
    tokio::task::yield_now().await;
    outcome.set(());
    for each in waiting {
        each.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
    outcome.wait(Arrival::draw()).await;
}

#[test]
fn waiter_that_leaves_is_taken_off_the_list() {
    let outcome = Outcome::<()>::default();
    let context = &mut Context::from_waker(Waker::noop());
    {
        let mut waiting = pin!(outcome.wait(Arrival::draw()));
        assert!(waiting.as_mut().poll(context).is_pending());
    }
    assert!(outcome.waiting.lock().is_empty());
}
