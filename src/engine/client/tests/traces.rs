//! The tries of one request, as a trace gets them.

use std::sync::Mutex;

use futures_util::future::BoxFuture;

use crate::client::tests::world::*;
use crate::client::{Request, Tries, Try};

#[derive(Default)]
struct Heard(Mutex<Vec<(Try, Option<u16>)>>);

impl Tries for Heard {
    fn begin(&self, this: Try) -> BoxFuture<'_, HeaderMap> {
        Box::pin(async move {
            self.0.lock().unwrap().push((this, None));
            let value = |text: String| HeaderValue::try_from(text).unwrap();
            let name = |name| HeaderName::from_static(name);
            let foreign = (name("authorization"), value("Bearer foreign".into()));
            let number = || value(this.number.to_string());
            let of_this_try = HeaderName::try_from(format!("x-only-{}", this.number)).unwrap();
            [(name("x-try"), number()), (of_this_try, number()), foreign].into_iter().collect()
        })
    }

    fn end(&self, answer: &Result<Box<Response>, Error>) {
        self.0.lock().unwrap().last_mut().unwrap().1 = answer.as_ref().ok().map(|answer| answer.status);
    }
}

#[tokio::test(start_paused = true)]
async fn every_try_is_told_and_gets_its_own_headers_but_no_token() {
    let retry = RetryRules { limit: 1, ..no_retries() };
    let world = World::with(|config| config.retry = Arc::new(retry)).await;
    world.api.takes("a2");
    world.api.will([Ok(503)]);
    let heard = Arc::new(Heard::default());
    let request = Request { tries: Some(Arc::clone(&heard) as _), ..request("/x") };
    world.client.send(Box::new(request)).await.unwrap();
    assert_eq!(world.api.headers("x-try"), ["1", "2", "3"]);
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a1", "Bearer a2"]);
    for number in 1..=3 {
        // A header of an earlier try would name the span of that try.
        let sent = world.api.headers(&format!("x-only-{number}"));
        assert_eq!(sent.iter().filter(|value| *value != "-").count(), 1);
    }
    let this = |number, replays, retries, generation| Try { number, replays, retries, generation };
    let first = heard.0.lock().unwrap()[0].0.generation;
    let next = first.map(|generation| generation + 1);
    let tries = [
        (this(1, 0, 0, first), Some(503)),
        (this(2, 0, 1, first), Some(401)),
        (this(3, 1, 1, next), Some(200)),
    ];
    assert_eq!(*heard.0.lock().unwrap(), tries);
}

#[tokio::test(start_paused = true)]
async fn requests_are_counted_by_origin() {
    let world = World::new().await;
    world.api.will([Ok(404), Ok(500)]);
    for _ in 0..3 {
        world.get().await.unwrap();
    }
    let [(origin, count)] = &world.client.config.origin_counts.all()[..] else { panic!("one origin") };
    assert_eq!(origin, "https://api.example");
    assert_eq!((count.requests, count.client_errors, count.server_errors, count.failed), (3, 1, 1, 0));
}
