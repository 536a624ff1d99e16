//! How a client proves to the token endpoint who it is (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2, OIDC Core §9).
//!
//! Invariant: a proof is made for one attempt, from the newest text of its sources.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::Map;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::grant::Form;
use crate::grant::oauth::assertion::client_claims;
use crate::grant::oauth::signer::{Ready, Signer, Signing};
use crate::grant::oauth::turns::Turns;
use crate::jose::{Algorithm, sign_hmac};
use crate::secret::Secret;
use crate::source::{Source, SourceError, Unfit};

pub enum ClientAuth {
    /// The client's id alone.
    None,
    SecretBasic(Secrets),
    SecretPost(Secrets),
    /// HS256, HS384 or HS512.
    SecretJwt(Secrets, Algorithm),
    PrivateKeyJwt(PrivateKeyJwt),
    /// An assertion that somebody else made.
    Assertion(Source),
    /// The certificate of the connection.
    Certificate,
}

/// One secret, or several of which the server knows one.
pub struct Secrets {
    sources: Vec<Source>,
    turns: Turns<Secret>,
}

pub struct PrivateKeyJwt {
    signer: Signer,
    key: Source,
    audience: Option<String>,
    turns: Turns<Ready>,
}

/// The secret or key of an attempt.
#[derive(Clone)]
pub struct Credential(Used);

#[derive(Clone)]
enum Used {
    Secret(Arc<Secret>),
    Key(Arc<Ready>),
    /// There is nothing else to try.
    Other,
}

impl ClientAuth {
    /// Finds mistakes in a key or a certificate that is a value.
    pub fn check(&self) -> Result<(), Unfit> {
        match self {
            Self::PrivateKeyJwt(jwt) => jwt.signer.check(),
            _ => Ok(()),
        }
    }

    /// Adds to `form` what proves the client, for this attempt. `audience`: the server, as assertions name it.
    pub async fn sign(
        &self,
        form: &mut Form,
        client_id: &str,
        audience: &str,
    ) -> Result<Credential, SourceError> {
        let used = match self {
            Self::None | Self::Certificate => Used::Other,
            Self::SecretBasic(secrets) => {
                let secret = secrets.pick().await?;
                form.headers.push((AUTHORIZATION, basic(client_id, &secret)));
                return Ok(Credential(Used::Secret(secret)));
            }
            Self::SecretPost(secrets) => {
                let secret = secrets.pick().await?;
                form.fields.push(("client_secret".into(), secret.as_ref().clone()));
                Used::Secret(secret)
            }
            Self::SecretJwt(secrets, algorithm) => {
                let secret = secrets.pick().await?;
                let header = Map::from_iter([("typ".to_owned(), "JWT".into())]);
                let signed = sign_hmac(&secret, *algorithm, header, &client_claims(client_id, audience));
                add_assertion(form, signed.map_err(|error| secrets.sources[0].error(error.to_string()))?);
                Used::Secret(secret)
            }
            Self::PrivateKeyJwt(jwt) => {
                let (key, signed) = jwt.sign(client_id, audience).await?;
                add_assertion(form, signed);
                Used::Key(key)
            }
            Self::Assertion(source) => {
                add_assertion(form, source.read().await?);
                Used::Other
            }
        };
        form.fields.push(("client_id".into(), Secret::new(client_id.to_owned())));
        Ok(Credential(used))
    }

    /// The server answered `invalid_client`. True if the question is to be asked again with another credential: at once, and at
    /// most once for each question.
    pub async fn refused(&self, used: &Credential) -> bool {
        match (self, &used.0) {
            (
                Self::SecretBasic(secrets) | Self::SecretPost(secrets) | Self::SecretJwt(secrets, _),
                Used::Secret(used),
            ) => {
                // Read again: a file that was half written a moment ago may be whole now.
                let current = secrets.current().await.unwrap_or_else(|_| vec![Arc::clone(used)]);
                secrets.turns.refused(used, &current)
            }
            (Self::PrivateKeyJwt(jwt), Used::Key(used)) => {
                let current = jwt.signer.get().await.unwrap_or_else(|_| Arc::clone(used));
                jwt.turns.refused(used, &[current])
            }
            _ => false,
        }
    }

    /// The server answered, and did not refuse the client.
    pub fn accepted(&self, used: &Credential) {
        match (self, &used.0) {
            (
                Self::SecretBasic(secrets) | Self::SecretPost(secrets) | Self::SecretJwt(secrets, _),
                Used::Secret(used),
            ) => secrets.turns.accepted(used),
            (Self::PrivateKeyJwt(jwt), Used::Key(used)) => jwt.turns.accepted(used),
            _ => {}
        }
    }
}

impl Secrets {
    /// In the order in which they are tried.
    pub fn new(first: Source, others: impl IntoIterator<Item = Source>) -> Self {
        Self { sources: std::iter::once(first).chain(others).collect(), turns: Turns::new() }
    }

    async fn pick(&self) -> Result<Arc<Secret>, SourceError> {
        Ok(self.turns.pick(&self.current().await?))
    }

    /// The secrets that can be read, at least one.
    async fn current(&self) -> Result<Vec<Arc<Secret>>, SourceError> {
        let mut readable = Vec::with_capacity(self.sources.len());
        let mut first_error = None;
        for source in &self.sources {
            match source.read().await {
                Ok(secret) => readable.push(Arc::new(secret)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        match first_error {
            Some(error) if readable.is_empty() => Err(error),
            _ => Ok(readable),
        }
    }
}

impl PrivateKeyJwt {
    /// `audience` goes before the one that is given for an attempt.
    pub fn new(signing: Signing, audience: Option<String>) -> Self {
        let key = signing.key.clone();
        Self { signer: Signer::new(signing), key, audience, turns: Turns::new() }
    }

    async fn sign(&self, client_id: &str, audience: &str) -> Result<(Arc<Ready>, Secret), SourceError> {
        let key = self.turns.pick(&[self.signer.get().await?]);
        let claims = client_claims(client_id, self.audience.as_deref().unwrap_or(audience));
        let signed = key.sign(&claims).map_err(|error| self.key.error(error.to_string()))?;
        Ok((key, signed))
    }
}

fn add_assertion(form: &mut Form, assertion: Secret) {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    form.fields.push(("client_assertion_type".into(), Secret::new(kind.to_owned())));
    form.fields.push(("client_assertion".into(), assertion));
}

/// Both parts are form-encoded first (RFC 6749 §2.3.1), so that a colon in the id does not end it.
fn basic(client_id: &str, secret: &Secret) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let secret = Zeroizing::new(encoded(secret.expose()));
    let pair = Zeroizing::new(format!("{}:{}", encoded(client_id), *secret));
    let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&value).expect("base64 is visible ASCII");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests;
