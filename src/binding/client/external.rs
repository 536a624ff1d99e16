//! The calls for requests that other HTTP clients send, as `lib/external/authoriser.js` makes them.

use ::http::Method;
use napi::{Env, Result};
use napi_derive::napi;
use url::Url;

use super::Client;
use crate::binding::next_hop::{NativeExchange, NativeHop};
use crate::binding::queue::runtime;
use crate::binding::values::Settlement;
use crate::binding::values::errors;
use crate::binding::values::napi_value::Js;
use crate::binding::values::tokens::NativeTokens;
use engine::client::{Proof, endpoint};
use engine::session::{Sending, Stamp};
use engine::token::Tokens;

/// The access token that a session holds, and which one it is.
#[napi(object, object_from_js = false)]
pub struct Now {
    pub access_token: Option<String>,
    pub epoch: f64,
    pub generation: f64,
}

/// A proof for one sending, and the nonce in it, empty for none.
#[napi(object, object_from_js = false)]
pub struct NativeProof {
    pub header: String,
    pub nonce: String,
}

#[napi]
impl Client {
    /// Gives a request of another HTTP client `[value, epoch, generation]`: its auth header, null without a login,
    /// and the token's stamp. No promise if both are at hand. `epoch`: of a request that is sent again.
    #[napi(
        catch_unwind,
        ts_return_type = "[string | null, number, number] | Promise<[string | null, number, number]>"
    )]
    pub fn authorise(&self, env: &Env, session: u32, epoch: Option<f64>) -> Result<Js> {
        let epoch = epoch.map(|epoch| epoch as u64);
        if let Some(authorised) =
            self.shared.ahead().at_once(|| self.shared.engine(session).authorise_now(epoch))
        {
            return self.shared.resolved(env, Settlement::Authorised(Some(authorised)));
        }
        self.shared.start(env, session, move |engine| async move {
            engine.authorise(epoch).await.map(Some).map(Settlement::Authorised)
        })
    }

    /// Tells the session that the token of this stamp was rejected, and with which `www-authenticate`. `to` is the method, a
    /// space and the URL. Resolves as `authorise` does, for sending the request again, or with null if the rejection goes to
    /// the caller. `proven`: the nonce of the proof in it, empty for none; undefined if it had no proof.
    #[napi(catch_unwind, ts_return_type = "Promise<[string | null, number, number] | null>")]
    #[allow(clippy::too_many_arguments, reason = "an object costs more to cross")]
    pub fn rejected(
        &self,
        env: &Env,
        session: u32,
        epoch: f64,
        generation: f64,
        to: String,
        replayed: bool,
        challenge: Option<String>,
        proven: Option<String>,
    ) -> Result<Js> {
        let sending = sending(epoch, generation, &to, replayed);
        let url = proven.as_ref().and_then(|_| destination(&to)).map(|(_, url)| url);
        self.shared.change(env, session, move |engine| async move {
            let nonce = proven.as_deref().filter(|nonce| !nonce.is_empty());
            let proven = url.as_ref().map(|url| (url, nonce));
            engine.rejected(sending, challenge.as_deref(), proven).await.map(Settlement::Authorised)
        })
    }

    /// Makes the proof for a request of another HTTP client that carries the token of this stamp. Null: it needs none.
    #[napi(catch_unwind)]
    pub fn prove(
        &self,
        session: u32,
        epoch: f64,
        generation: f64,
        to: String,
    ) -> Result<Option<NativeProof>, String> {
        let Some((method, url)) = destination(&to) else { return Ok(None) };
        let stamp = Stamp { epoch: epoch as u64, generation: generation as u64 };
        let proof = self.shared.engine(session).prove(stamp, &method, &url).map_err(errors::thrown_now)?;
        Ok(proof.map(|Proof { header, nonce }| NativeProof {
            header: String::from_utf8_lossy(header.as_bytes()).into_owned(),
            nonce: nonce.as_deref().unwrap_or_default().to_owned(),
        }))
    }

    /// An answer to such a request has brought this nonce.
    #[napi(catch_unwind)]
    pub fn heard(&self, session: u32, to: String, nonce: String) {
        if let Some((_, url)) = destination(&to) {
            self.shared.engine(session).heard(&url, &nonce);
        }
    }

    /// Tells the session that a server accepted the token of this stamp.
    #[napi(catch_unwind)]
    pub fn accepted(&self, session: u32, epoch: f64, generation: f64, to: String, replayed: bool) {
        self.shared.engine(session).session.accepted(sending(epoch, generation, &to, replayed));
    }

    /// Returns the login that a request made now belongs to.
    #[napi(catch_unwind)]
    pub fn epoch(&self, session: u32) -> f64 {
        self.shared.engine(session).session.epoch() as f64
    }

    /// Returns the token that the session has now, without waiting.
    #[napi(catch_unwind)]
    pub fn now(&self, session: u32) -> Now {
        let (held, stamp) = self.shared.engine(session).session.now();
        let access_token = held.map(|held| held.tokens.access.expose().to_owned());
        Now {
            access_token: access_token.filter(|token| !token.is_empty()),
            epoch: stamp.epoch as f64,
            generation: stamp.generation as f64,
        }
    }

    /// Another login, or with undefined a logout. It counts when this returns, and is stored by itself.
    #[napi(catch_unwind)]
    pub fn login(&self, session: u32, tokens: Option<NativeTokens>) -> Result<(), String> {
        let tokens = tokens.map(Tokens::try_from).transpose().map_err(errors::thrown_now)?;
        // First, because a login that nothing could store must not count.
        let engine = runtime::engine().map_err(errors::thrown_now)?;
        let stored = self.shared.engine(session).login(tokens);
        engine.spawn(move || stored);
        Ok(())
    }

    /// Returns whether the token may go to this URL. Throws the error that a request to the URL would reject with.
    #[napi(catch_unwind)]
    pub fn trusts(&self, url: String) -> Result<bool, String> {
        self.shared.config.origins.trusts(&url).map_err(errors::thrown_now)
    }

    /// The request that an answer redirects to, or null. Throws if the redirect must not be followed.
    #[napi(catch_unwind)]
    pub fn next_hop(&self, session: u32, exchange: NativeExchange) -> Result<Option<NativeHop>, String> {
        exchange.next_hop(&self.shared.engine(session)).map_err(errors::thrown_now)
    }
}

/// Reads a method, a space and a URL.
fn destination(to: &str) -> Option<(Method, Url)> {
    let (method, url) = to.split_once(' ')?;
    Some((method.parse().ok()?, Url::parse(url).ok()?))
}

fn sending(epoch: f64, generation: f64, to: &str, replayed: bool) -> Sending {
    let (method, url) = to.split_once(' ').unwrap_or_default();
    let stamp = Stamp { epoch: epoch as u64, generation: generation as u64 };
    Sending { stamp, endpoint: endpoint(method, url), replayed }
}
