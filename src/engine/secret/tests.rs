use super::*;

#[test]
fn prints_a_fingerprint_and_never_itself() {
    let secret = Secret::new("s3cr3t-value".into());
    for shown in [format!("{secret}"), format!("{secret:?}"), format!("{:?}", Some(&secret))] {
        assert!(shown.contains('#'), "{shown}");
        assert!(!shown.contains("s3cr3t"), "{shown}");
    }
    assert_ne!(format!("{secret}"), Secret::new("other".into()).to_string());
}

#[test]
fn clones_share_one_copy() {
    let secret = Secret::new("s3cr3t-value".into());
    assert!(std::ptr::eq(secret.expose(), secret.clone().expose()));
}
