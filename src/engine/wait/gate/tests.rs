use super::*;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn next_place_goes_to_the_lowest_number_however_late_it_began_to_wait() {
    let gate = Gate::new(1);
    let (first, second) = (Arrival::draw(), Arrival::draw());
    let place = gate.try_enter().unwrap();
    assert!(gate.try_enter().is_none());
    let mut late = pin!(gate.enter(second));
    let mut early = pin!(gate.enter(first));
    assert!(poll(late.as_mut()).is_pending() && poll(early.as_mut()).is_pending());

    drop(place);
    assert!(poll(late.as_mut()).is_pending());
    let Poll::Ready(place) = poll(early.as_mut()) else { panic!("not admitted") };
    drop(place);
    assert!(poll(late.as_mut()).is_ready());
    assert!(gate.try_enter().is_some());
}

#[test]
fn place_given_to_a_request_that_has_left_goes_to_the_next() {
    let gate = Gate::new(1);
    let place = gate.try_enter().unwrap();
    let [first, second, third] = std::array::from_fn(|_| Arrival::draw());
    let mut patient = pin!(gate.enter(third));
    {
        let mut left = pin!(gate.enter(first));
        let mut given = pin!(gate.enter(second));
        assert!(poll(left.as_mut()).is_pending());
        assert!(poll(given.as_mut()).is_pending());
        assert!(poll(patient.as_mut()).is_pending());
        drop(place);
    }
    assert!(poll(patient.as_mut()).is_ready());
}
