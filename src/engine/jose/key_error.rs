//! The reason why a key, or what is to be signed, is refused.

use thiserror::Error;

/// The rest of a sentence whose subject is the key. It shows no part of the key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    #[error("is no private key; give PEM (PKCS#8, SEC1 or PKCS#1), or a private JWK with all its parts")]
    NotAKey,
    #[error("is encrypted; decrypt it (openssl pkey -in key.pem -out plain.pem), or give the passphrase")]
    Encrypted,
    #[error("is the public half of a key; the private half signs")]
    Public,
    #[error("cannot sign here; use RSA of 2048 to 8192 bits, EC on P-256, P-384 or P-521, or Ed25519")]
    Unsupported,
    #[error("cannot sign with {asked}; it signs with {fit}")]
    Unfit { asked: String, fit: String },
    #[error("is no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    #[error("is the certificate of another key")]
    OtherCertificate,
    #[error("signs nothing, because the claims are no JSON")]
    Claims,
    #[error("could not sign")]
    Failed,
}
