//! A request, its token, its judge and its replays.

mod dpop;
mod limits;
mod retries;
mod traces;
mod world;

use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::Method;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::sleep;

use crate::error::{LostReason, RefreshFailureKind};
use crate::fault::Fault;
use crate::grant::GrantError;
use crate::present::Format;
use crate::session::{Sending, Stamp};
use world::*;

#[tokio::test(start_paused = true)]
async fn valid_token_is_sent_once() {
    let world = World::new().await;
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (200, 1, 0));
    assert_eq!(world.api.headers("authorization"), ["Bearer a1"]);
    assert_eq!(world.api.paths(), ["/v1/x"]);
    assert!(world.api.sent.lock().unwrap()[0].headers["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn rejected_request_is_replayed_with_the_new_token_and_the_same_body() {
    let world = World::new().await;
    world.api.takes("nothing yet");
    let body = Bytes::from_static(b"{\"n\":1}");
    let post =
        Request { method: Method::POST, body: body.clone().into(), query: "q=1".into(), ..request("/x") };
    let answer = world.client.send(Box::new(post)).await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (200, 2, 1));
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a2"]);
    for wire in world.api.sent.lock().unwrap().iter() {
        assert_eq!(
            (&wire.method, wire.body.bytes(), wire.url.query()),
            (&Method::POST, &body[..], Some("q=1"))
        );
    }
    assert_eq!(world.client.config.participant.counters.replays.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn request_is_sent_with_one_new_token_and_returns_the_last_answer() {
    let world = World::new().await;
    world.refuse_all();
    let begun = clock::now();
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (401, 8, 1));
    assert!(clock::now() - begun < secs(2), "a server that will know the token knows it by then");
    assert_eq!(world.api.headers("authorization")[..2], ["Bearer a1", "Bearer a2"]);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (401, 1), "refreshing does not help");
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn new_token_that_is_not_known_everywhere_is_sent_again_until_it_is() {
    for knows_after in [1, 60, 120, 500, 1_500] {
        let world = World::new().await;
        world.refuse_all();
        let sent = world.sending(request("/x"));
        sleep(ms(knows_after)).await;
        world.api.takes("a2");
        let answer = sent.await.unwrap().unwrap();
        assert_eq!((answer.response.status, answer.replays, world.refreshes()), (200, 1, 1), "{knows_after}");
    }
}

#[tokio::test(start_paused = true)]
async fn new_token_is_not_sent_again_beyond_the_timeout_of_the_request() {
    let world = World::new().await;
    world.refuse_all();
    let answer = world.client.send(Box::new(Request { timeout: ms(500), ..request("/x") })).await.unwrap();
    assert_eq!((answer.response.status, world.refreshes()), (401, 1), "the last answer instead of a timeout");
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_refuses_every_token_costs_one_refresh_and_holds_up_nobody() {
    let world = World::new().await;
    *world.api.forbidden.lock().unwrap() = Some("/v1/admin");
    for id in 0..15 {
        assert_eq!(world.get().await.unwrap().response.status, 200);
        let refused = world.sending(request(&format!("/admin/{id}")));
        sleep(ms(10)).await;
        let begun = clock::now();
        assert_eq!(world.get().await.unwrap().response.status, 200);
        assert_eq!(clock::now(), begun, "waits for nothing");
        assert_eq!(refused.await.unwrap().unwrap().response.status, 401);
        assert_eq!(world.refreshes(), 1, "{id}");
    }
    world.api.takes("nothing yet");
    assert_eq!(world.get().await.unwrap().response.status, 200, "a real revocation");
    assert_eq!(world.refreshes(), 2);
}

#[tokio::test(start_paused = true)]
async fn endpoint_that_refuses_what_others_accept_gets_two_tokens_at_most() {
    let world = World::new().await;
    world.refuse_all();
    world.api.slow(ms(10));
    let sent = world.sending(request("/x"));
    while !sent.is_finished() {
        let held = world.client.tokens().await.unwrap().unwrap();
        let endpoint = endpoint("GET", "https://api.example/other");
        world.client.session.accepted(Sending { stamp: Stamp::of(&held), endpoint, replayed: false });
        sleep(ms(1)).await;
    }
    let answer = sent.await.unwrap().unwrap();
    assert_eq!((answer.response.status, answer.attempts, answer.replays), (401, 2, 1));
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn token_that_was_accepted_once_is_rotated_at_every_expiry() {
    let world = World::new().await;
    for expiries in 1..10 {
        world.api.takes("nothing yet");
        let answer = world.get().await.unwrap();
        assert_eq!((answer.response.status, answer.attempts), (200, 2));
        assert_eq!(world.refreshes(), expiries);
    }
}

#[tokio::test(start_paused = true)]
async fn storm_on_an_expired_token_is_one_refresh() {
    let world = World::new().await;
    world.api.takes("nothing yet");
    world.api.slow(ms(20));
    *world.grant.takes.lock().unwrap() = ms(50);
    let storm: Vec<_> = (0..500).map(|_| world.sending(request("/x"))).collect();
    for sent in storm {
        assert_eq!(sent.await.unwrap().unwrap().response.status, 200);
    }
    assert_eq!(world.refreshes(), 1);
}

#[tokio::test(start_paused = true)]
async fn explicit_auth_header_is_sent_as_it_is_and_its_rejection_is_returned() {
    let world = World::new().await;
    let answer = world.client.send(Box::new(with_header("authorization", "Basic mine"))).await.unwrap();
    assert_eq!((answer.response.status, answer.attempts), (401, 1));
    assert_eq!(world.api.headers("authorization"), ["Basic mine"]);
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn placeholder_gives_way_to_the_token_and_other_headers_do_not() {
    let world = World::new().await;
    let name = HeaderName::from_static("authorization");
    for (values, sent, foreign) in [
        (&["Bearer token-rotator-placeholder"][..], "Bearer a1", false),
        (&["xoxb-token-rotator-placeholder-1"], "Bearer a1", false),
        (&["token-rotator-placeholder", "Bearer token-rotator-placeholder"], "Bearer a1", false),
        (&["Bearer token-rotator-placeholde"], "Bearer token-rotator-placeholde", true),
        (&["", "token-rotator-placeholder"], "", true),
        (&[], "Bearer a1", false),
    ] {
        let mut request = request("/x");
        request.headers.extend(values.iter().map(|value| (name.clone(), HeaderValue::from_static(value))));
        let answer = world.client.send(Box::new(request)).await.unwrap();
        assert_eq!((answer.foreign, &world.api.headers("authorization").pop().unwrap()[..]), (foreign, sent));
        let sent = world.api.sent.lock().unwrap();
        assert_eq!(
            sent.last().unwrap().headers.get_all(&name).iter().count(),
            if foreign { values.len() } else { 1 }
        );
    }
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn request_with_a_placeholder_is_replayed() {
    let world = World::new().await;
    world.api.takes("a2");
    let request = with_header("authorization", "Bearer token-rotator-placeholder");
    let answer = world.client.send(Box::new(request)).await.unwrap();
    assert_eq!((answer.response.status, answer.replays), (200, 1));
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a2"]);
}

#[tokio::test(start_paused = true)]
async fn placeholder_counts_in_the_header_of_the_option_alone_and_only_where_the_token_may_go() {
    let world = World::with(|config| config.header_name = HeaderName::from_static("x-token")).await;
    world.api.will([const { Ok(200) }; 3]);
    world.client.send(Box::new(with_header("x-token", "token-rotator-placeholder"))).await.unwrap();
    world.client.send(Box::new(with_header("authorization", "token-rotator-placeholder"))).await.unwrap();
    assert_eq!(world.api.headers("x-token"), ["Bearer a1", "Bearer a1"]);
    assert_eq!(world.api.headers("authorization"), ["-", "token-rotator-placeholder"]);

    let mut elsewhere = with_header("x-token", "token-rotator-placeholder");
    elsewhere.url = "https://other.example/x".into();
    assert!(world.client.send(Box::new(elsewhere)).await.is_err());
    let mut elsewhere = with_header("x-token", "token-rotator-placeholder");
    (elsewhere.url, elsewhere.skip_auth) = ("https://other.example/x".into(), true);
    let answer = world.client.send(Box::new(elsewhere)).await.unwrap();
    assert!(!answer.foreign);
    assert_eq!(world.api.headers("x-token")[2..], ["token-rotator-placeholder"]);
}

#[tokio::test(start_paused = true)]
async fn skip_auth_sends_no_token_anywhere() {
    let world = World::new().await;
    for url in ["/x", "https://other.example/y"] {
        let answer = world.client.send(Box::new(Request { skip_auth: true, ..request(url) })).await.unwrap();
        assert_eq!((answer.response.status, answer.attempts), (401, 1));
    }
    assert_eq!(world.api.headers("authorization"), ["-", "-"]);
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn skip_auth_needs_no_session() {
    let world = World::new().await;
    world.client.set_tokens(None).await.unwrap();
    assert!(world.client.send(Box::new(Request { skip_auth: true, ..request("/x") })).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn foreign_origin_is_refused_even_with_an_explicit_header() {
    let world = World::new().await;
    for foreign in ["https://other.example/x", "//other.example/x", "https://api.example:444/x"] {
        let mut own = with_header("authorization", "Basic mine");
        own.url = foreign.into();
        for request in [request(foreign), own] {
            let error = world.client.send(Box::new(request)).await.unwrap_err();
            assert!(matches!(error, Error::OriginNotAllowed { .. }), "{error:?}");
        }
    }
    assert_eq!(world.api.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn headers_of_a_request_replace_those_of_the_client() {
    let world = World::with(|config| {
        config.headers.append("x-trace", HeaderValue::from_static("default"));
        config.headers.append("accept", HeaderValue::from_static("a"));
        config.headers.append("accept", HeaderValue::from_static("b"));
        config.headers.append("authorization", HeaderValue::from_static("Basic default"));
    })
    .await;
    world.get().await.unwrap();
    let mut own = with_header("accept", "c");
    own.headers.append("accept", HeaderValue::from_static("d"));
    world.client.send(Box::new(own)).await.unwrap();
    assert_eq!(world.api.headers("x-trace"), ["default", "default"]);
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a1"]);
    let sent = world.api.sent.lock().unwrap();
    let accepts = |wire: &WireRequest| {
        wire.headers
            .get_all("accept")
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(sent.iter().map(accepts).collect::<Vec<_>>(), [["a", "b"], ["c", "d"]]);
}

#[tokio::test(start_paused = true)]
async fn token_is_sent_in_the_header_of_the_option() {
    let world = World::with(|config| config.header_name = HeaderName::from_static("x-token")).await;
    world.get().await.unwrap();
    assert_eq!(world.api.headers("x-token")[0], "Bearer a1");
    assert_eq!(world.api.headers("authorization")[0], "-");
}

/// Counts the questions, and takes a while for each.
struct Formatting(Arc<AtomicUsize>, Duration);

impl Format for Formatting {
    fn format<'a>(&'a self, token: &'a Secret) -> BoxFuture<'a, Result<HeaderValue, Error>> {
        Box::pin(async move {
            self.0.fetch_add(1, Ordering::Relaxed);
            sleep(self.1).await;
            Ok(HeaderValue::try_from(format!("Token {}", token.expose())).unwrap())
        })
    }
}

#[tokio::test(start_paused = true)]
async fn header_is_given_at_once_unless_the_user_has_to_be_asked_for_it() {
    let at_once = |world: &World| {
        let made = world.client.authorise_now(None);
        made.map(|made| made.header.unwrap().to_str().unwrap().to_owned())
    };
    let world = World::new().await;
    assert_eq!(at_once(&world).as_deref(), Some("Bearer a1"));

    let format = Formatting(Arc::default(), Duration::ZERO);
    let world = World::with(|config| config.format = Some(Arc::new(format))).await;
    assert_eq!(at_once(&world), None);
    world.client.authorise(None).await.unwrap();
    assert_eq!(at_once(&world).as_deref(), Some("Token a1"));
    world.client.rotate(None).await.unwrap();
    assert_eq!(at_once(&world), None);
}

#[tokio::test(start_paused = true)]
async fn header_is_formatted_once_for_each_token() {
    let asked = Arc::new(AtomicUsize::new(0));
    let formatting = Formatting(Arc::clone(&asked), ms(5));
    let world = World::with(|config| config.format = Some(Arc::new(formatting))).await;
    world.api.will([const { Ok(200) }; 20]);
    let sent: Vec<_> = (0..20).map(|_| world.sending(request("/x"))).collect();
    for sent in sent {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    world.api.will([Ok(401), Ok(200)]);
    world.get().await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(world.api.headers("authorization").last().unwrap(), "Token a2");
}

#[tokio::test(start_paused = true)]
async fn request_is_not_sent_after_another_login() {
    let formatting = Formatting(Arc::default(), ms(50));
    let world = World::with(|config| config.format = Some(Arc::new(formatting))).await;
    let sent = world.sending(request("/x"));
    sleep(ms(10)).await;
    world.client.set_tokens(Some(pair(90))).await.unwrap();
    let error = sent.await.unwrap().unwrap_err();
    assert_eq!(error, Error::SessionLost { reason: LostReason::LoggedOut, cause: None });
    assert_eq!(world.api.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn rejection_of_an_earlier_login_is_returned_and_rotates_nothing() {
    let world = World::new().await;
    world.api.slow(ms(50));
    world.api.takes("a90");
    let sent = world.sending(request("/x"));
    sleep(ms(10)).await;
    world.client.set_tokens(Some(pair(90))).await.unwrap();
    let answer = sent.await.unwrap().unwrap();
    assert_eq!((answer.response.status, answer.attempts), (401, 1));
    assert_eq!(world.api.headers("authorization"), ["Bearer a1"]);
    assert_eq!(world.get().await.unwrap().response.status, 200);
    assert_eq!(world.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn logged_out_client_sends_nothing() {
    let world = World::new().await;
    world.client.set_tokens(None).await.unwrap();
    let lost = Error::SessionLost { reason: LostReason::LoggedOut, cause: None };
    assert_eq!(world.get().await.unwrap_err(), lost);
    assert_eq!(world.client.access_token(Duration::ZERO).await.unwrap_err(), lost);
    assert_eq!(world.client.tokens().await.unwrap().map(|_| ()), None);
    assert_eq!(world.api.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn failed_refresh_is_the_error_and_the_session_goes_on() {
    let world = World::new().await;
    world.api.takes("nothing yet");
    world.grant.errors.lock().unwrap().push_back(GrantError::Unspent { retry_after: None, cause: None });
    let error = world.get().await.unwrap_err();
    assert!(
        matches!(&error, Error::Refresh(failure) if failure.kind == RefreshFailureKind::Failed),
        "{error:?}"
    );
    sleep(secs(2)).await;
    assert_eq!(world.get().await.unwrap().response.status, 200);
}

#[tokio::test(start_paused = true)]
async fn network_error_is_returned_after_one_attempt() {
    let world = World::new().await;
    let down = Error::Network { subject: "it".into(), fault: Fault::Refused };
    world.api.will([Err(down.clone())]);
    assert_eq!(world.get().await.unwrap_err(), down);
    assert_eq!((world.api.count(), world.refreshes()), (1, 0));
}

/// Takes 403 and network errors for an expired token.
struct Suspicious;

impl Judge for Suspicious {
    fn is_expired<'a>(
        &'a self,
        _session: &'a str,
        answer: &'a Result<Box<Response>, Error>,
        _url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>> {
        let expired = answer.as_ref().map_or(true, |response| response.status == 403);
        Box::pin(std::future::ready(Some(expired)))
    }
}

#[tokio::test(start_paused = true)]
async fn judge_decides_about_failures_and_network_errors_only() {
    let world = World::with(|config| config.judge = Some(Box::new(Suspicious))).await;
    world.api.will([Ok(403), Ok(200)]);
    assert_eq!(world.get().await.unwrap().attempts, 2);
    world.api.will([Ok(401)]);
    assert_eq!(world.get().await.unwrap().attempts, 1, "401 is not what it looks for");
    world.api.will([Err(Error::Network { subject: "it".into(), fault: Fault::Unknown }), Ok(200)]);
    assert_eq!(world.get().await.unwrap().attempts, 2);
    world.api.will([Ok(302)]);
    assert_eq!(world.get().await.unwrap().attempts, 1, "nor is it asked about 200 to 399");
}

/// Stands for a user's function that throws.
struct WithoutOpinion;

impl Judge for WithoutOpinion {
    fn is_expired<'a>(
        &'a self,
        _session: &'a str,
        _: &'a Result<Box<Response>, Error>,
        _url: &'a Url,
    ) -> BoxFuture<'a, Option<bool>> {
        Box::pin(std::future::ready(None))
    }
}

#[tokio::test(start_paused = true)]
async fn rejection_for_want_of_scope_is_returned_and_rotates_nothing() {
    const SCOPE: &str = r#"Bearer realm="api", error="insufficient_scope", scope="admin""#;
    const BOTH: &str = r#"DPoP error="invalid_token", Bearer error="insufficient_scope""#;
    let judges: [Option<Box<dyn Judge>>; 3] =
        [None, Some(Box::new(WithoutOpinion)), Some(Box::new(Suspicious))];
    for (judge, refreshes) in judges.into_iter().zip([0, 0, 1]) {
        let world = World::with(|config| config.judge = judge).await;
        let status = if refreshes == 0 { 401 } else { 403 };
        world.api.scripted.lock().unwrap().push_back(Ok((status, &[("www-authenticate", SCOPE)])));
        let answer = world.get().await.unwrap();
        assert_eq!((answer.attempts, world.refreshes()), (1 + answer.replays, refreshes));
    }
    let world = World::new().await;
    world.api.scripted.lock().unwrap().push_back(Ok((401, &[("www-authenticate", BOTH)])));
    assert_eq!(
        (world.get().await.unwrap().replays, world.refreshes()),
        (1, 1),
        "another scheme's token is not valid"
    );
}

#[tokio::test(start_paused = true)]
async fn redirect_mode_of_a_request_replaces_that_of_the_client() {
    let world = World::new().await;
    let to_y: &[_] = &[("location", "/y")];
    let script = |world: &World| world.api.scripted.lock().unwrap().push_back(Ok((302, to_y)));
    script(&world);
    let answer = world.get().await.unwrap();
    assert_eq!((answer.response.status, answer.response.redirected), (200, true));
    script(&world);
    let manual = Request { redirect: Some(RedirectMode::Manual), ..request("/x") };
    assert_eq!(world.client.send(Box::new(manual)).await.unwrap().response.status, 302);
    script(&world);
    let error = Request { redirect: Some(RedirectMode::Error), ..request("/x") };
    assert!(matches!(world.client.send(Box::new(error)).await.unwrap_err(), Error::Redirect { .. }));
}

#[tokio::test(start_paused = true)]
async fn sessions_of_one_client_never_share_a_token() {
    let world = World::new().await;
    let other = world.another("other");
    other.set_tokens(Some(pair(50))).await.unwrap();
    world.api.will([Ok(200), Ok(200)]);
    world.get().await.unwrap();
    other.send(Box::new(request("/x"))).await.unwrap();
    assert_eq!(world.api.headers("authorization"), ["Bearer a1", "Bearer a50"]);
    assert!(Arc::ptr_eq(&world.another("other").session, &other.session));
}
