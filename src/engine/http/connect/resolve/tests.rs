use super::*;
use crate::error::Error;
use crate::http::diagnose::network_error;

#[tokio::test]
async fn without_a_thread_to_spare_a_look_up_fails_and_the_next_one_tries_again() {
    // The system has no room for such a stack, and says so as it does when it has no thread.
    let starved = Resolver { stack: usize::MAX / 4 };
    for _ in 0..2 {
        let error = starved.clone().look_up("localhost".into()).await.unwrap_err();
        let error = network_error(&error, &"http://localhost".parse().unwrap());
        assert!(matches!(error, Error::Network { fault: Fault::NoThread, .. }), "{error:?}");
        assert!(error.retryable() && Fault::NoThread.may_pass());
    }
    let mut found = Resolver::default().look_up("localhost".into()).await.unwrap();
    assert!(found.all(|address| address.ip().is_loopback()));
}
