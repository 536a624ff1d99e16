//! Time, the gate, the queue and the client's end, which let a request wait or end it.

use std::sync::atomic::Ordering;

use tokio::time::sleep;

use crate::client::tests::world::*;
use crate::store::Store;
use crate::wait::waiting_limit::WaitingLimit;

#[tokio::test(start_paused = true)]
async fn timeout_names_the_phase_it_ended_in() {
    let world = World::new().await;
    let hurried = |timeout| Request { timeout, ..request("/x") };
    world.api.slow(secs(60));
    let begun = clock::now();
    let error = world.client.send(Box::new(hurried(secs(2)))).await.unwrap_err();
    assert_eq!(error, Error::Timeout { phase: Phase::Response, after: secs(2) });
    assert_eq!(clock::now() - begun, secs(2));

    world.api.slow(Duration::ZERO);
    world.api.takes("nothing yet");
    *world.grant.takes.lock().unwrap() = secs(5);
    let error = world.client.send(Box::new(hurried(secs(1)))).await.unwrap_err();
    assert_eq!(error, Error::Timeout { phase: Phase::Queue, after: secs(1) });
    world.client.close().await;
    assert_eq!(world.refreshes(), 1, "the refresh goes on");
}

#[tokio::test(start_paused = true)]
async fn queue_timeout_bounds_one_wait_and_not_the_answer() {
    let world = World::with(|config| config.queue_timeout = secs(1)).await;
    world.api.slow(secs(3));
    assert_eq!(world.get().await.unwrap().response.status, 200);
    world.api.takes("nothing yet");
    *world.grant.takes.lock().unwrap() = secs(5);
    let error = world.get().await.unwrap_err();
    assert_eq!(error, Error::Timeout { phase: Phase::Queue, after: secs(1) });
}

#[tokio::test(start_paused = true)]
async fn gate_lets_requests_through_in_order_up_to_its_width() {
    let world = World::with(|config| config.gate = Gate::new(4)).await;
    world.api.slow(ms(10));
    let mut sent = Vec::new();
    for n in 0..50 {
        sent.push(world.sending(request(&format!("/{n}"))));
    }
    for sent in sent {
        assert_eq!(sent.await.unwrap().unwrap().response.status, 200);
    }
    assert_eq!(world.api.most_under_way.load(Ordering::Relaxed), 4);
    assert_eq!(world.api.paths(), (0..50).map(|n| format!("/v1/{n}")).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn cancelled_request_frees_its_place_on_the_wire() {
    let world = World::with(|config| config.gate = Gate::new(1)).await;
    world.api.slow(secs(10));
    let (first, second) = (world.sending(request("/1")), world.sending(request("/2")));
    quiet().await;
    first.abort();
    quiet().await;
    assert_eq!(world.api.paths(), ["/v1/1", "/v1/2"]);
    assert_eq!(second.await.unwrap().unwrap().response.status, 200);
}

#[tokio::test(start_paused = true)]
async fn request_that_waited_for_a_place_is_sent_with_the_newest_token() {
    let world = World::with(|config| config.gate = Gate::new(1)).await;
    world.api.slow(ms(50));
    let (first, second) = (world.sending(request("/1")), world.sending(request("/2")));
    sleep(ms(10)).await;
    world.client.rotate(None).await.unwrap();
    first.await.unwrap().unwrap();
    let answer = second.await.unwrap().unwrap();
    assert_eq!((answer.response.status, answer.attempts), (200, 1));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn full_queue_refuses_the_next_request() {
    let world = World::with_provider(|by| by.waiting = WaitingLimit::new(3), |_| {}).await;
    world.api.takes("nothing yet");
    *world.grant.takes.lock().unwrap() = secs(1);
    let waiting: Vec<_> = (0..3).map(|_| world.sending(request("/x"))).collect();
    quiet().await;
    assert_eq!(world.get().await.unwrap_err(), Error::QueueFull { max: 3 });
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().unwrap().response.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn close_rejects_waiting_calls_finishes_the_wire_and_saves_rotated_tokens() {
    let world = World::new().await;
    *world.grant.takes.lock().unwrap() = secs(1);
    world.api.slow(ms(500));
    let on_the_wire = world.sending(request("/wire"));
    quiet().await;
    let rotating = tokio::spawn({
        let client = Arc::clone(&world.client);
        async move { client.rotate(None).await.map(drop) }
    });
    quiet().await;
    let begun = clock::now();
    world.client.close().await;
    assert_eq!(clock::now() - begun, secs(1), "the refresh was waited for");
    assert_eq!(rotating.await.unwrap(), Err(Error::ClientClosed));
    assert_eq!(on_the_wire.await.unwrap().unwrap().response.status, 200);
    assert_eq!(world.refreshes(), 1);
    let kept = world.client.config.registry.memory().read("key").await.unwrap().unwrap();
    assert_eq!(kept.record.tokens.unwrap().access.expose(), "a2");
}

#[tokio::test(start_paused = true)]
async fn close_rejects_requests_that_wait_for_a_place_on_the_wire() {
    let world = World::with(|config| config.gate = Gate::new(1)).await;
    world.api.slow(secs(1));
    let (first, second) = (world.sending(request("/1")), world.sending(request("/2")));
    quiet().await;
    let begun = clock::now();
    world.client.close().await;
    assert_eq!(clock::now() - begun, secs(1), "the one on the wire was waited for");
    assert_eq!(first.await.unwrap().unwrap().response.status, 200);
    assert_eq!(second.await.unwrap().unwrap_err(), Error::ClientClosed);
    assert_eq!(world.api.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn transport_ends_with_the_client_and_not_before_its_requests() {
    let world = World::new().await;
    world.api.slow(secs(1));
    let transport = world.client.config.transport.lock().as_ref().map(Arc::downgrade).unwrap();
    let on_the_wire = world.sending(request("/1"));
    quiet().await;
    world.client.close().await;
    assert_eq!(on_the_wire.await.unwrap().unwrap().response.status, 200);
    assert!(transport.upgrade().is_none(), "its idle connections would outlive the client");
}

#[tokio::test(start_paused = true)]
async fn closed_client_refuses_every_call_and_closes_again() {
    let world = World::new().await;
    world.client.authorise(None).await.unwrap();
    assert!(
        world.client.access_token_now(Duration::ZERO).is_some() && world.client.authorise_now(None).is_some()
    );
    world.client.close().await;
    world.client.close().await;
    assert_eq!(world.get().await.unwrap_err(), Error::ClientClosed);
    assert_eq!(world.client.access_token(Duration::ZERO).await.unwrap_err(), Error::ClientClosed);
    assert!(
        world.client.access_token_now(Duration::ZERO).is_none() && world.client.authorise_now(None).is_none()
    );
    assert_eq!(world.client.rotate(None).await.unwrap_err(), Error::ClientClosed);
    assert_eq!(world.client.set_tokens(None).await.unwrap_err(), Error::ClientClosed);
    assert_eq!(world.another("other").tokens().await.unwrap_err(), Error::ClientClosed);
    assert_eq!(world.api.count(), 0);
}
