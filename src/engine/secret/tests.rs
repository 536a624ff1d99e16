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
