//! One JavaScript environment, and the one line between it and Rust. `lib/crossing/environment.js` makes one for each.

use std::rc::Rc;
use std::sync::Arc;

use ::http::StatusCode;
use bytes::Bytes;
use napi::bindgen_prelude::{Function, Object, Uint8Array, Unknown};
use napi::{Env, Result};
use napi_derive::napi;

use super::aborts::Aborts;
use super::bodies::upload::{NativeSource, Uploads, answer_body};
use super::options::header_lines;
use super::promise::Promises;
use super::queue::call::{Arg, Call, FailureKind, Reply};
use super::queue::kept_errors;
use super::queue::threadsafe_function::ThreadsafeFunction;
use super::queue::{Item, Queue};
use super::resolve;
use super::values::errors;
use super::values::napi_value::{Js, Scope};
use super::values::tokens::{self, NativeTokens};
use engine::error::{Cause, Error};
use engine::http::WireResponse;
use engine::pem::key_as_pem;
use engine::secret::Secret;
use engine::store::{Document, Version};
use engine::token::Tokens;

#[napi]
pub struct Environment {
    pub(super) crossing: Rc<Crossing>,
}

/// Everything that crosses between Rust and one environment. Its classes share it, on the JavaScript thread only.
pub(super) struct Crossing {
    pub(super) promises: Rc<Promises>,
    pub(super) aborts: Arc<Aborts>,
    pub(super) uploads: Arc<Uploads>,
}

#[napi]
impl Environment {
    /// Rust calls `pump` when the queue is no longer empty; `pump` calls `drain` until that returns undefined. Async hooks
    /// are shown `resource` for it.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: &Env, pump: Function<'_, (), Unknown<'static>>, resource: Object<'_>) -> Result<Self> {
        let pump = ThreadsafeFunction::new(env, pump, resource)?;
        let queue = Queue::new(pump);
        let uploads = Uploads::new(Arc::clone(&queue));
        let promises = Promises::new(queue);
        let crossing = Rc::new(Crossing { promises, aborts: Arc::default(), uploads });
        env.add_env_cleanup_hook(Rc::clone(&crossing), |ended| {
            ended.promises.queue.close();
            ended.uploads.close();
        })?;
        Ok(Self { crossing })
    }

    /// Settles promises up to the next call for JavaScript, which it returns as `[client, name, number, ...args]`;
    /// undefined when the queue is empty.
    #[napi(catch_unwind, ts_return_type = "[number, string, number, ...unknown[]] | undefined")]
    pub fn drain(&self, env: &Env) -> Result<Js> {
        let scope = Scope::of(*env);
        let promises = &self.crossing.promises;
        while let Some(item) = promises.queue.pop() {
            match item {
                Item::Settle(deferred, result) => {
                    promises.end();
                    resolve::settle(scope, deferred, result, promises);
                }
                Item::FlightBegins => promises.begin(env)?,
                Item::FlightEnds => promises.end(),
                Item::Call(call) if !call.permit.holds() => call.refuse(),
                Item::Call(call) => return self.call(env, call),
            }
        }
        promises.release_if_idle(env)?;
        scope.undefined()
    }

    /// Returns whether the event loop is kept running at the moment.
    #[napi(catch_unwind)]
    pub fn has_ref(&self) -> bool {
        self.crossing.promises.keeps_loop_running()
    }

    #[napi(catch_unwind)]
    pub fn reply(&self, number: u32, value: Option<napi::Either<bool, String>>) {
        let reply = match value {
            None => Reply::Done,
            Some(napi::Either::A(flag)) => Reply::Flag(flag),
            Some(napi::Either::B(text)) => Reply::Text(text),
        };
        self.answer(number, reply);
    }

    /// Returns false if Rust does not wait for these tokens any more.
    #[napi(catch_unwind)]
    pub fn reply_tokens(&self, number: u32, tokens: NativeTokens) -> bool {
        let malformed =
            Reply::Failed { kind: FailureKind::Malformed, retry_after: None, cause: None, refresh: None };
        self.answer(number, Tokens::try_from(tokens).map_or(malformed, Reply::Tokens))
    }

    /// The secret of a source: a text, or a private key in PKCS#8 and DER.
    #[napi(catch_unwind)]
    pub fn reply_secret(&self, number: u32, secret: napi::Either<String, Uint8Array>) {
        let secret = match secret {
            napi::Either::A(text) => Secret::new(text),
            napi::Either::B(der) => key_as_pem(&der),
        };
        self.answer(number, Reply::Secret(secret));
    }

    /// `version` is in the form of `Version::to_text`, which `lib/callbacks/register.js` has checked.
    #[napi(catch_unwind)]
    pub fn reply_document(&self, number: u32, record: String, version: String) {
        let reply = match Version::from_text(&version) {
            Some(version) => Reply::Document(Document { text: Secret::new(record), version }),
            None => {
                Reply::Failed { kind: FailureKind::Unknown, retry_after: None, cause: None, refresh: None }
            }
        };
        self.answer(number, reply);
    }

    /// The answer to a request of the user's own transport. `headers`: lines of names and values alternately. `body` is announced
    /// as that of a request is. Returns false if Rust does not wait for it any more.
    #[napi(catch_unwind)]
    pub fn reply_answer(
        &self,
        number: u32,
        status: u32,
        reason: String,
        headers: String,
        body: Option<NativeSource>,
    ) -> bool {
        let head = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let (Some(status), Ok(headers)) = (head, header_lines(&headers)) else {
            let (kind, cause) = (FailureKind::Unknown, None);
            self.answer(number, Reply::Failed { kind, retry_after: None, cause, refresh: None });
            return false;
        };
        let body =
            body.map_or_else(|| Bytes::new().into(), |source| answer_body(&self.crossing.uploads, source));
        let answer = WireResponse { status, reason: reason.into(), headers, body, unsent: None };
        self.answer(number, Reply::Answer(Box::new(answer)))
    }

    /// The register of this client may have changed: this session, or with undefined any. `watches`: see [`Changes::tell`].
    ///
    /// [`Changes::tell`]: super::changes::Changes::tell
    #[napi(catch_unwind)]
    pub fn changed(&self, client: u32, watches: bool, session: Option<String>) {
        if let Some(changes) = self.crossing.promises.queue.changes.get(client) {
            changes.tell(watches, session.as_deref());
        }
    }

    /// `kept` is the number under which JavaScript keeps the thrown value, 0 for none; `said` is what messages say of it.
    /// `refresh` came with an answer that has no usable access token.
    #[napi(catch_unwind)]
    pub fn reply_failed(
        &self,
        number: u32,
        kind: FailureKind,
        retry_after: Option<f64>,
        kept: u32,
        said: Option<String>,
        refresh: Option<String>,
    ) {
        let cause = self.cause(kept, said);
        self.answer(number, Reply::Failed { kind, retry_after, cause, refresh: refresh.map(Secret::new) });
    }

    /// Aborts the request that was sent under this number.
    #[napi(catch_unwind)]
    pub fn abort(&self, number: u32) {
        drop(self.crossing.aborts.remove(number));
    }

    /// Adds a part to a body. Returns false if JavaScript must wait for `resumeUpload` or `stopUpload`.
    #[napi(catch_unwind)]
    pub fn feed_upload(&self, upload: u32, chunk: Uint8Array) -> bool {
        let channel = self.crossing.uploads.open.get(upload);
        channel.is_some_and(|channel| channel.feed(Bytes::copy_from_slice(&chunk)))
    }

    /// The end of that body: complete, or failed with the value that JavaScript keeps under the number `kept`. Returns
    /// false if the body is not wanted any more.
    #[napi(catch_unwind)]
    pub fn end_upload(&self, upload: u32, kept: Option<u32>) -> bool {
        let Some(channel) = self.crossing.uploads.open.get(upload) else { return false };
        channel.end(kept.map_or(Ok(()), |kept| Err(Error::Body { cause: self.cause(kept, None) })));
        true
    }

    fn cause(&self, kept: u32, said: Option<String>) -> Option<Cause> {
        kept_errors::cause(&self.crossing.promises.queue, kept, said)
    }

    /// A second reply, and one that comes too late, is dropped.
    /// Returns false if Rust does not wait for this reply any more.
    fn answer(&self, number: u32, reply: Reply) -> bool {
        let waiting = self.crossing.promises.queue.replies.remove(number);
        waiting.is_some_and(|waiting| waiting.send(reply).is_ok())
    }

    fn call(&self, env: &Env, call: Call) -> Result<Js> {
        if let Some(reply) = call.reply {
            self.crossing.promises.queue.replies.insert(call.number, reply);
        }
        call.entered.fire();
        let scope = Scope::of(*env);
        let mut items = Vec::with_capacity(3 + call.args.len());
        items.push(scope.number(f64::from(call.client))?);
        items.push(scope.text(call.name)?);
        items.push(scope.number(f64::from(call.number))?);
        for arg in &call.args {
            items.push(self.arg(scope, arg)?);
        }
        scope.array(&items)
    }

    fn arg(&self, scope: Scope, arg: &Arg) -> Result<Js> {
        match arg {
            Arg::Null => scope.null(),
            Arg::Number(number) => scope.number(*number),
            Arg::Text(text) => scope.text(text),
            Arg::Latin1(text) => scope.latin1(text),
            Arg::Secret(secret) => scope.text(secret.expose()),
            Arg::Body(body) => scope.buffer(std::slice::from_ref(body)),
            Arg::Tokens(tokens) => tokens::write(scope, tokens),
            Arg::Error(error) => errors::raw(scope, error, self.crossing.promises.queue.id),
        }
    }
}
