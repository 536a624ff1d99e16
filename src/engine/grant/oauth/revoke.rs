//! Revocation (RFC 7009): tells the server that nobody needs these tokens any more.
//!
//! The refresh token goes first, because most servers end the whole grant with it. A server that does not revoke access tokens
//! says so, and that is no failure.

use crate::error::Error;
use crate::grant::oauth::OAuth;
use crate::grant::oauth::refusal::Refusal;
use crate::grant::{Answer, Form};
use crate::secret::Secret;
use crate::token::Tokens;

impl OAuth {
    pub(super) async fn revoke_all(&self, tokens: &Tokens) -> Result<(), Error> {
        let refresh = tokens.refresh.as_ref().map(|token| (token, "refresh_token"));
        let access = Some((&tokens.access, "access_token")).filter(|(token, _)| !token.expose().is_empty());
        let mut outcome = Ok(());
        for (token, hint) in refresh.into_iter().chain(access) {
            outcome = outcome.and(self.revoke_one(token, hint).await);
        }
        outcome
    }

    async fn revoke_one(&self, token: &Secret, hint: &'static str) -> Result<(), Error> {
        let url = self.endpoints.revocation(&self.post).await;
        let url = url.map_err(|unknown| not_revoked(unknown.to_string(), true))?;
        let mut other = true;
        loop {
            let mut form = Form::new(url.clone());
            form.add("token", token.clone());
            form.add("token_type_hint", Secret::new(hint.to_owned()));
            let used = self.settings.auth.sign(&mut form, &self.settings.client_id, url.as_str()).await;
            let used = used.map_err(|unread| not_revoked(unread.to_string(), true))?;
            let answer = self.post.post(form).await;
            let answer = answer.map_err(|failed| not_revoked(failed.error.to_string(), true))?;
            let refusal = match judged(&answer) {
                Ok(()) => {
                    self.settings.auth.accepted(&used);
                    return Ok(());
                }
                Err(refusal) => refusal,
            };
            let again = refusal.is_of_the_secret() && other;
            if !(again && self.settings.auth.refused(&used).await) {
                return Err(not_revoked(refusal.sentence(), refusal.may_pass()));
            }
            other = false;
        }
    }
}

fn not_revoked(said: String, may_pass: bool) -> Error {
    Error::Revoke { said: said.into(), may_pass }
}

/// RFC 7009 §2.2: 200 even for a token that the server does not know. Some servers answer `invalid_grant` or the like for one.
fn judged(answer: &Answer) -> Result<(), Refusal> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let body = serde_json::from_str(answer.body.expose()).ok();
    let says_unsupported = |body: &serde_json::Value| body["error"] == "unsupported_token_type";
    if body.as_ref().is_some_and(says_unsupported) {
        return Ok(());
    }
    let refusal = Refusal::of(answer, body.as_ref());
    if refusal.code.is_some() && refusal.is_of_the_token() { Ok(()) } else { Err(refusal) }
}
