//! The option `grant`: how new tokens are had from a token endpoint, as `lib/options/grant.js` makes it.

use std::sync::Arc;

use napi_derive::napi;

use super::secret::NativeSecret;
use super::{invalid, url};
use crate::binding::callbacks::Callbacks;
use engine::error::Error;
use engine::grant::Post;
use engine::grant::oauth::assertion::{Assertion, SignedAssertion};
use engine::grant::oauth::client_auth::{ClientAuth, PrivateKeyJwt, Secrets};
use engine::grant::oauth::endpoints::Endpoints;
use engine::grant::oauth::{Kind, OAuth, Settings, Signing};
use engine::jose::Algorithm;
use engine::source::{Source, Unfit};
use engine::store::session_name;

#[napi(object, object_to_js = false)]
pub struct NativeGrant {
    /// One of the four in `lib/options/grant.js`.
    #[napi(js_name = "type")]
    pub kind: String,
    pub token_endpoint: Option<String>,
    pub revocation_endpoint: Option<String>,
    pub issuer: Option<String>,
    pub client_id: String,
    pub auth: NativeClientAuth,
    /// Separated by spaces.
    pub scope: Option<String>,
    pub audience: Option<String>,
    pub resource: Vec<String>,
    /// Names and values alternately.
    pub params: Vec<String>,
    /// The algorithm of the proofs. None: the tokens are bearer tokens.
    pub dpop: Option<String>,
    pub revoke_on_logout: bool,
    /// Of `jwt_bearer`: the assertion, or the key and the claims (JSON) of which it is made.
    pub assertion: Option<NativeSecret>,
    pub signer: Option<NativeSigner>,
    pub claims: Option<String>,
    /// Of `token_exchange`.
    pub subject: Option<NativeSecret>,
    pub subject_type: Option<String>,
    pub actor: Option<NativeSecret>,
    pub actor_type: Option<String>,
    pub requested_type: Option<String>,
}

/// How the client proves that it is itself.
#[napi(object, object_to_js = false)]
pub struct NativeClientAuth {
    /// One of the seven in `lib/options/client-auth.js`.
    pub method: String,
    pub secrets: Vec<NativeSecret>,
    /// Of `client_secret_jwt`.
    pub algorithm: Option<String>,
    pub signer: Option<NativeSigner>,
    pub audience: Option<String>,
    pub assertion: Option<NativeSecret>,
}

/// A key that signs assertions.
#[napi(object, object_to_js = false)]
pub struct NativeSigner {
    pub key: NativeSecret,
    pub algorithm: Option<String>,
    pub key_id: Option<String>,
    pub certificate: Option<NativeSecret>,
}

impl NativeGrant {
    /// Names what the grant asks for, if it needs no human: processes that ask for the same share a token. None: the tokens belong to a
    /// login, which the session's key names.
    pub(super) fn scope_of_sessions(&self) -> Option<String> {
        if self.kind == "refresh_token" {
            return None;
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut scopes: Vec<_> = text(&self.scope).split(' ').map(str::to_owned).collect();
        let mut resources = self.resource.clone();
        scopes.sort_unstable();
        resources.sort_unstable();
        let fields = [
            vec![self.kind.clone(), text(&self.token_endpoint), text(&self.issuer), self.client_id.clone()],
            vec![text(&self.audience), text(&self.dpop), text(&self.claims), text(&self.subject_type)],
            vec![text(&self.actor_type), text(&self.requested_type)],
            scopes,
            resources,
            self.params.clone(),
        ];
        // Debug quotes texts, so that no text can reach into the next one.
        let whole = format!("{fields:?}");
        Some(session_name(&whole)[..32].to_owned())
    }

    pub(super) fn into_grant(self, callbacks: &Callbacks, post: Arc<dyn Post>) -> Result<OAuth, Error> {
        let endpoint = |option, text: Option<String>| text.map(|text| url(option, &text)).transpose();
        let settings = Settings {
            endpoints: Endpoints::new(
                endpoint("grant.tokenEndpoint", self.token_endpoint)?,
                endpoint("grant.issuer", self.issuer)?,
                endpoint("grant.revocationEndpoint", self.revocation_endpoint)?,
            ),
            kind: match &*self.kind {
                "client_credentials" => Kind::ClientCredentials,
                "jwt_bearer" => Kind::JwtBearer(match self.signer {
                    Some(signer) => signer.into_assertion(self.claims.as_deref(), callbacks)?,
                    None => Assertion::Ready(read(self.assertion, callbacks, "grant.assertion")?),
                }),
                "token_exchange" => Kind::TokenExchange {
                    subject: read(self.subject, callbacks, "grant.subjectToken")?,
                    subject_type: self.subject_type.unwrap_or_default(),
                    actor: self.actor.map(|actor| actor.into_source(callbacks)).zip(self.actor_type),
                    requested: self.requested_type,
                },
                _ => Kind::RefreshToken,
            },
            client_id: self.client_id,
            auth: self.auth.into_auth(callbacks)?,
            scope: self.scope,
            audience: self.audience,
            resource: self.resource,
            params: pairs(self.params),
            dpop: self.dpop.as_deref().map(algorithm).transpose()?,
            revoke_on_logout: self.revoke_on_logout,
        };
        Ok(OAuth::new(settings, post))
    }
}

impl NativeClientAuth {
    fn into_auth(self, callbacks: &Callbacks) -> Result<ClientAuth, Error> {
        let mut sources = self.secrets.into_iter().map(|secret| secret.into_source(callbacks));
        if let Some(first) = sources.next() {
            let secrets = Secrets::new(first, sources);
            return Ok(match &*self.method {
                "client_secret_basic" => ClientAuth::SecretBasic(secrets),
                "client_secret_post" => ClientAuth::SecretPost(secrets),
                _ => {
                    let algorithm = self.algorithm.as_deref().map_or(Ok(Algorithm::HS256), algorithm)?;
                    ClientAuth::SecretJwt(secrets, algorithm)
                }
            });
        }
        let auth = match self.signer {
            Some(signer) => {
                ClientAuth::PrivateKeyJwt(PrivateKeyJwt::new(signer.into_signing(callbacks)?, self.audience))
            }
            None => match self.assertion {
                Some(assertion) => ClientAuth::Assertion(assertion.into_source(callbacks)),
                None if self.method == "tls_client_auth" => ClientAuth::Certificate,
                None => ClientAuth::None,
            },
        };
        auth.check().map_err(|unfit| unfit_option(unfit, ["grant.auth.key", "grant.auth.certificate"]))?;
        Ok(auth)
    }
}

impl NativeSigner {
    fn into_signing(self, callbacks: &Callbacks) -> Result<Signing, Error> {
        Ok(Signing {
            key: self.key.into_source(callbacks),
            algorithm: self.algorithm.as_deref().map(algorithm).transpose()?,
            key_id: self.key_id,
            certificate: self.certificate.map(|certificate| certificate.into_source(callbacks)),
        })
    }

    /// `claims`: a JSON object.
    fn into_assertion(self, claims: Option<&str>, callbacks: &Callbacks) -> Result<Assertion, Error> {
        let claims = serde_json::from_str(claims.unwrap_or("{}")).map_err(|_| invalid("grant.claims"))?;
        let signed = SignedAssertion::new(self.into_signing(callbacks)?, claims);
        signed.check().map_err(|unfit| unfit_option(unfit, ["grant.key", "grant.certificate"]))?;
        Ok(Assertion::Signed(signed))
    }
}

fn read(secret: Option<NativeSecret>, callbacks: &Callbacks, option: &'static str) -> Result<Source, Error> {
    secret.map(|secret| secret.into_source(callbacks)).ok_or_else(|| invalid(option))
}

fn algorithm(name: &str) -> Result<Algorithm, Error> {
    Algorithm::from_name(name).ok_or_else(|| invalid("grant.algorithm"))
}

fn unfit_option(Unfit { at, problem }: Unfit, options: [&'static str; 2]) -> Error {
    Error::invalid_option(options[at.min(1)], problem)
}

fn pairs(flat: Vec<String>) -> Vec<(String, String)> {
    let mut texts = flat.into_iter();
    std::iter::from_fn(|| texts.next().zip(texts.next())).collect()
}
