use super::*;

#[test]
fn the_table_can_be_read() {
    assert_eq!(listed("invalid_grant"), Some("invalid_grant"));
    assert_eq!(TABLE.advice.len(), 12);
    assert_eq!(TABLE.advice_on_status.len(), 5);
}

#[test]
fn words_for_a_wrong_client_are_one_code() {
    for word in [
        "invalid_client",
        " invalid_client\n",
        "incorrect_client_credentials",
        "bad_client_secret",
        "INVALID_CLIENT",
    ] {
        assert_eq!(listed(word), Some("invalid_client"), "{word}");
    }
    let long = format!("client_{}", "a".repeat(100));
    for word in ["client", "client-id", "my_client_7", "invalid client", "", &long] {
        assert_eq!(listed(word), None, "{word}");
    }
}

#[test]
fn challenges_that_ask_for_the_client() {
    for challenge in ["Basic realm=\"x\"", "bearer, BASIC", "Negotiate abc==", "Digest a=b, c=d"] {
        assert!(asks_for_client(challenge), "{challenge}");
    }
    for challenge in ["", "Bearer realm=\"Basic\"", "DPoP algs=\"ES256\"", "Basically"] {
        assert!(!asks_for_client(challenge), "{challenge}");
    }
}
