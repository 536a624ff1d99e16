//! Requests that are sent again after a failure that may pass, and bodies that cannot be sent again.

use std::sync::atomic::{AtomicBool, Ordering};

use ::http::Method;

use crate::client::tests::world::*;
use crate::fault::Fault;
use crate::http::body::outgoing::{Chunks, Source};

fn reset() -> Error {
    Error::Network { subject: "it".into(), fault: Fault::Reset }
}

async fn retrying(limit: u32) -> World {
    World::with(|config| config.retry = Arc::new(RetryRules { limit, ..no_retries() })).await
}

#[tokio::test(start_paused = true)]
async fn failure_that_may_pass_is_tried_again_and_counted() {
    let world = retrying(2).await;
    world.api.will([Ok(503), Err(reset()), Ok(200)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (200, 3, 0));
    assert_eq!(world.client.config.participant.counters.retries.get(), 2);
}

#[tokio::test(start_paused = true)]
async fn last_answer_is_returned() {
    let world = retrying(2).await;
    world.api.will([Ok(503), Ok(503), Ok(503)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (503, 3));
    world.api.will([Err(reset()), Err(reset()), Err(reset())]);
    assert_eq!(world.get().await.unwrap_err(), reset());
}

#[tokio::test(start_paused = true)]
async fn request_with_its_own_auth_header_is_tried_again_too() {
    let world = retrying(2).await;
    world.api.will([Ok(503), Ok(200)]);
    let answer = world.client.send(Box::new(with_header("authorization", "own"))).await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (200, 2));
}

#[tokio::test(start_paused = true)]
async fn rotation_uses_up_no_retries_and_a_retry_no_replays() {
    let world = retrying(1).await;
    world.api.will([Ok(503), Ok(401), Ok(401), Ok(200)]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (200, 4, 1));
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a1", "Bearer a2", "Bearer a2"]);
}

#[tokio::test(start_paused = true)]
async fn last_answer_is_returned_where_the_pause_would_end_in_a_timeout() {
    let world = retrying(9).await;
    let wait: &[_] = &[("retry-after", "20")];
    world.api.scripted.lock().unwrap().extend([Ok((503, wait)), Ok((503, wait)), Ok((200, wait))]);
    let begun = clock::now();
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (503, 2), "40 s are more than the 30 it has");
    assert_eq!(clock::now() - begun, secs(20));
}

#[tokio::test(start_paused = true)]
async fn close_ends_the_pause_before_a_retry() {
    let world = retrying(2).await;
    let wait: &[_] = &[("retry-after", "20")];
    world.api.scripted.lock().unwrap().push_back(Ok((503, wait)));
    let sent = world.sending(request("/x"));
    quiet().await;
    let begun = clock::now();
    world.client.close().await;
    assert_eq!(sent.await.unwrap().unwrap_err(), Error::ClientClosed);
    assert_eq!(clock::now(), begun);
}

#[tokio::test(start_paused = true)]
async fn pause_before_a_retry_holds_no_place_on_the_wire() {
    let world = World::with(|config| {
        config.retry = Arc::new(RetryRules { limit: 1, ..no_retries() });
        config.gate = Gate::new(1);
    })
    .await;
    let wait: &[_] = &[("retry-after", "20")];
    world.api.scripted.lock().unwrap().push_back(Ok((503, wait)));
    let first = world.sending(request("/1"));
    quiet().await;
    let begun = clock::now();
    assert_eq!(world.get().await.unwrap().response.status, 200);
    assert_eq!(clock::now(), begun);
    assert_eq!(first.await.unwrap().unwrap().response.status, 200);
}

#[tokio::test(start_paused = true)]
async fn dead_server_gets_one_attempt_each_when_the_budget_is_spent() {
    let world = retrying(2).await;
    world.api.will([(); 500].map(|()| Ok(503)));
    for _ in 0..200 {
        assert_eq!(world.get().await.unwrap().response.status, 503);
    }
    assert_eq!(world.api.count(), 200 + 100);
}

/// A stream that can be opened once, or each time.
struct Stream {
    again: bool,
    opened: AtomicBool,
}

impl Source for Stream {
    fn open(&self) -> Option<Chunks> {
        None
    }

    fn is_fresh(&self) -> bool {
        // Counts as opening, because the wire of these tests opens nothing, and this is asked after each attempt.
        self.again || !self.opened.swap(true, Ordering::Relaxed)
    }

    fn length(&self) -> Option<u64> {
        None
    }

    fn failure(&self) -> Option<Error> {
        None
    }

    fn stop(&self) {}
}

pub(super) fn streaming(again: bool) -> Request {
    // Opened, because `is_fresh` is asked after the first attempt.
    let body = Payload::Stream(Arc::new(Stream { again, opened: AtomicBool::new(true) }));
    Request { method: Method::PUT, body, ..request("/x") }
}

#[tokio::test(start_paused = true)]
async fn request_whose_body_is_used_up_rotates_but_returns_its_rejection() {
    let world = World::new().await;
    world.api.takes("nothing yet");
    let answer = world.client.send(Box::new(streaming(false))).await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (401, 1, 0));
    assert!(answer.not_replayable);
    let next = world.get().await.unwrap();
    assert_eq!((next.response.status, next.attempts, next.not_replayable), (200, 1, false));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn body_that_is_used_up_is_not_sent_again_with_a_new_token() {
    let world = World::new().await;
    world.client.rotate(None).await.unwrap();
    world.refuse_all();
    let answer = world.client.send(Box::new(streaming(false))).await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (401, 1));
    assert!(answer.not_replayable);
}

#[tokio::test(start_paused = true)]
async fn body_that_can_be_made_again_is_replayed() {
    let world = World::new().await;
    world.api.takes("nothing yet");
    let answer = world.client.send(Box::new(streaming(true))).await.unwrap();
    assert_eq!((answer.response.status, answer.replays, answer.not_replayable), (200, 1, false));
}
