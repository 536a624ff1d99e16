//! Faults that no test server can be made to show. The rest is tested with [`crate::http::exchange`].

use super::*;

#[tokio::test]
async fn an_unknown_name_is_one() {
    use crate::http::Transport;
    use crate::http::testing::{get, transport};
    let url = url::Url::parse("http://unknown.invalid/s3cr3t").unwrap();
    let mapped = transport().send(&get(url)).await.err().unwrap();
    // Without a network even this name is looked up in vain.
    let Error::Network { fault: Fault::UnknownName | Fault::NoNameServer, .. } = mapped else {
        panic!("{mapped:?}")
    };
    let message = mapped.to_string();
    assert!(message.starts_with("http://unknown.invalid could not be looked up"), "{message}");
}
