use super::*;
use crate::store::Listed;

async fn put(register: &RedisRegister, session: &str, text: &str) {
    assert_eq!(register.compare_and_set(session, None, &document(text)).await, Ok(true));
}

async fn list(register: &RedisRegister, sessions: &[&str]) -> Vec<(String, Option<String>)> {
    let sessions: Vec<_> = sessions.iter().map(|&session| session.to_owned()).collect();
    let text = |listed: Listed| {
        let document = listed.document.unwrap();
        (listed.name, document.map(|document| document.text.expose().to_owned()))
    };
    register.list(&sessions).await.unwrap().into_iter().map(text).collect()
}

/// More than one step of the scan.
const MANY: usize = 1200;

#[tokio::test]
async fn every_session_is_listed_once_and_no_key_of_others() {
    let server = Server::start(&[]).await;
    let register = server.register();
    for n in 0..MANY {
        put(&register, &n.to_string(), &format!("of {n}")).await;
    }
    for other in ["token-rotator:other", "xtoken-rotator:{a}", "token-rotator:{"] {
        server.ask::<()>(&["SET", other, "x"]).await;
    }
    let mut expected: Vec<_> =
        (0..MANY).map(|n| (session_name(&n.to_string()), Some(format!("of {n}")))).collect();
    expected.sort();
    assert_eq!(list(&register, &[]).await, expected);
}

#[tokio::test]
async fn key_of_another_program_does_not_hide_the_records() {
    let server = Server::start(&[]).await;
    let register = server.register();
    put(&register, "ada", "of ada").await;
    server.ask::<()>(&["SET", "token-rotator:{x}", "x"]).await;
    let mut listed = register.list(&[]).await.unwrap();
    listed.sort_by_key(|listed| listed.document.is_err());
    assert_eq!(listed.iter().map(|listed| listed.document.is_ok()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(listed[0].name, session_name("ada"));
}

#[tokio::test]
async fn prefix_is_no_pattern() {
    let server = Server::start(&[]).await;
    let with = |prefix: &str| register(&RedisOptions { prefix: prefix.to_owned(), ..options(&server.url()) });
    let odd = "a*[b]?\\^";
    put(&with(odd), "ada", "odd").await;
    put(&with("axxb"), "ada", "plain").await;
    assert_eq!(list(&with(odd), &[]).await, [(session_name("ada"), Some("odd".to_owned()))]);
    assert_eq!(list(&with("a*"), &[]).await, []);
}

#[tokio::test]
async fn sessions_are_listed_in_the_order_in_which_they_were_named() {
    let server = Server::start(&[]).await;
    let register = server.register();
    put(&register, "ada", "of ada").await;
    let expected = [(session_name("bob"), None), (session_name("ada"), Some("of ada".to_owned()))];
    assert_eq!(list(&register, &["bob", "ada"]).await, expected);
}
