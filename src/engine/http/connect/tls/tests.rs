//! TLS options that are refused. Accepted ones are tested with [`crate::http::exchange`].

use super::*;
use crate::http::{HyperTransport, TransportOptions};

/// A self-signed certificate and its key, made for this test by
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost`.
const CERT: &str = "\
-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUBaFcm4SvkTFFBlPLYW/dHVX16mUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTIyNDkxNloYDzIxMjYxMDI4
MjI0OTE2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARrb/eC77L8/uHWvxiYkJJXU+QvQjkStC6WYiEOBm337AIxZhSUyyZw
DMFMM09Nv0gxKW9QGmckepK89WVW5kOeo1MwUTAdBgNVHQ4EFgQU7odLSiLQOVwW
fMAlu1PFrN9M7oUwHwYDVR0jBBgwFoAU7odLSiLQOVwWfMAlu1PFrN9M7oUwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA2REK+4fsX4S+pselxSnS
Smd9GFk7YpOA6AjxnaNKQ8wCIQC54ihkgzYZ1zKNBwcd0wNSjcvce8o0y0fezyHq
TWOmzg==
-----END CERTIFICATE-----
";
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgADmlf1Vy5607RrpW
i3WdpxvgDi3WFIoXwbtNPiAqG8ehRANCAARrb/eC77L8/uHWvxiYkJJXU+QvQjkS
tC6WYiEOBm337AIxZhSUyyZwDMFMM09Nv0gxKW9QGmckepK89WVW5kOe
-----END PRIVATE KEY-----
";
/// The key of another certificate.
const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiBPB7rJeRVSU/Yk+
Mp2lGvkk+aptoInDLT+sfI/3mVahRANCAAREKG9C0NreOHUH2lagsFtria3yGvha
adovP4qInFKwc6uQ2mm/qFrTALJI/KQJNUB5w8MHN2IKztTqx6JEf6ze
-----END PRIVATE KEY-----
";

fn made(ca: Option<&str>, cert: Option<&str>, key: Option<&str>) -> Result<HyperTransport, Error> {
    let owned = |text: Option<&str>| text.map(|text| text.to_owned().into());
    let tls = TlsOptions { ca: owned(ca), cert: owned(cert), key: owned(key), ..TlsOptions::default() };
    HyperTransport::new(&TransportOptions { tls, ..TransportOptions::default() })
}

#[test]
fn a_bad_tls_option_is_named_and_not_shown() {
    let broken = "-----BEGIN CERTIFICATE-----\nczNjcjN0\n-----END CERTIFICATE-----\n";
    let table = [
        (made(Some("s3cr3t"), None, None), "tls.ca is not a PEM certificate"),
        (made(Some(""), None, None), "tls.ca is not a PEM certificate"),
        (made(Some(KEY), None, None), "tls.ca is not a PEM certificate"),
        (made(Some(broken), None, None), "tls.ca is not made of X.509"),
        (made(None, Some(CERT), None), "tls.cert needs tls.key"),
        (made(None, None, Some(KEY)), "tls.key needs tls.cert"),
        (made(None, Some("s3cr3t"), Some(KEY)), "tls.cert is not a PEM certificate"),
        (made(None, Some(CERT), Some("s3cr3t")), "tls.key is not an unencrypted PEM private key"),
        (made(None, Some(CERT), Some(CERT)), "tls.key is not an unencrypted PEM private key"),
        (made(Some(CERT), Some(CERT), Some(OTHER_KEY)), "tls.cert and tls.key do not belong together"),
    ];
    for (outcome, expected) in table {
        let error = outcome.err().unwrap();
        assert_eq!(error.code(), "ERR_INVALID_OPTION");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{shown} instead of {expected}");
        assert!(!shown.contains("s3cr3t") && !shown.contains("BEGIN PRIVATE KEY-----\n"), "{shown}");
    }
}

#[test]
fn good_ones_are_taken() {
    assert!(made(Some(CERT), Some(CERT), Some(KEY)).is_ok());
}

#[tokio::test]
async fn an_error_names_the_option_that_is_to_blame() {
    let missing = || Some(Source::file(std::env::temp_dir().join("token-rotator-none.pem")));
    let value = |text: &str| Some(Source::from(text.to_owned()));
    let of = |ca, cert, key| TlsOptions { ca, cert, key, ..TlsOptions::default() };
    let table = [
        (of(missing(), None, None), "tls.ca cannot be used: the file "),
        (of(None, missing(), value(KEY)), "tls.cert cannot be used: the file "),
        (of(None, value(CERT), missing()), "tls.key cannot be used: the file "),
    ];
    for (options, expected) in table {
        let error = options.config().unwrap().renewal.renew().await.unwrap_err();
        let shown = crate::error::Error::from(&error).to_string();
        assert!(shown.starts_with(expected), "{shown} instead of {expected}");
    }
}
