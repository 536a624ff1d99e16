//! The form that a token endpoint gets, but for what proves the client.

use url::Url;

use crate::grant::Form;
use crate::grant::oauth::claims::merged;
use crate::grant::oauth::{Kind, OAuth};
use crate::secret::Secret;
use crate::source::SourceError;

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

impl OAuth {
    /// Sources are read for each form, because what they hold may have changed.
    pub(super) async fn form(
        &self,
        url: Url,
        token: Option<&Secret>,
        claims: Option<&Secret>,
    ) -> Result<Form, SourceError> {
        let settings = &self.settings;
        let mut form = Form::new(url);
        match (token, &settings.kind) {
            (Some(token), _) => {
                add(&mut form, "grant_type", "refresh_token");
                form.add("refresh_token", token.clone());
            }
            // The session has none, and the caller has seen that.
            (None, Kind::RefreshToken) => add(&mut form, "grant_type", "refresh_token"),
            (None, Kind::ClientCredentials) => add(&mut form, "grant_type", "client_credentials"),
            (None, Kind::JwtBearer(assertion)) => {
                add(&mut form, "grant_type", JWT_BEARER);
                let assertion = assertion.make(&settings.client_id, form.url.as_str()).await?;
                form.add("assertion", assertion);
            }
            (None, Kind::TokenExchange { subject, subject_type, actor, requested }) => {
                add(&mut form, "grant_type", TOKEN_EXCHANGE);
                form.add("subject_token", subject.read().await?);
                add(&mut form, "subject_token_type", subject_type);
                if let Some((actor, actor_type)) = actor {
                    form.add("actor_token", actor.read().await?);
                    add(&mut form, "actor_token_type", actor_type);
                }
                if let Some(requested) = requested {
                    add(&mut form, "requested_token_type", requested);
                }
            }
        }
        for (name, value) in [("scope", &settings.scope), ("audience", &settings.audience)] {
            if let Some(value) = value {
                add(&mut form, name, value);
            }
        }
        // RFC 8707 §2 repeats the name.
        for resource in &settings.resource {
            add(&mut form, "resource", resource);
        }
        if let Some(claims) = claims {
            let own = settings.params.iter().find(|(name, _)| name == "claims");
            form.add("claims", merged(own.map(|(_, value)| value.as_str()), claims));
        }
        for (name, value) in &settings.params {
            if !form.fields.iter().any(|(taken, _)| taken == name) {
                form.add(name.clone(), Secret::new(value.clone()));
            }
        }
        Ok(form)
    }
}

fn add(form: &mut Form, name: &'static str, value: &str) {
    form.add(name, Secret::new(value.to_owned()));
}
