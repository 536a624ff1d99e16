//! A request of the client itself, as `lib/crossing/native-request.js` passes it.
//!
//! A function of its own, because for a method of a class napi looks the object up by its tag and locks it in a map of the
//! whole process, which a request's share of the event loop shows (docs/decisions/crossing.md).

use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::Either;
use napi::Result;
use napi::bindgen_prelude::{Either3, FromNapiValue, FunctionCallContext, Uint8Array};

use super::Shared;
use crate::binding::aborts::Abortable;
use crate::binding::bodies::upload::{NativeSource, Upload};
use crate::binding::options::RequestParts;
use crate::binding::part_of::Whole;
use crate::binding::tries::TracedRequest;
use crate::binding::values::Settlement;
use crate::binding::values::napi_value::{Js, Text};
use crate::binding::values::native_answer::NativeAnswer;
use engine::client::Tries;
use engine::error::Error;
use engine::http::Payload;

impl Shared {
    /// The arguments: session, URL, flags, method, query, headers, `body`, timeout, `number`, retry. [`RequestParts`] describes
    /// most of them. `body`: text, bytes or a body that JavaScript makes while it is sent; `number`: the one that
    /// `Environment.abort` names. Those that are undefined at the end may be left out. The promise resolves as
    /// `native_answer.rs` says.
    pub(super) fn send(&self, call: &FunctionCallContext<'_>) -> Result<Js> {
        let text = |index| argument(call, index).map(|text| text.map(|Text(text)| text));
        let session = call.get(0)?;
        let Text(url) = call.get(1)?;
        let number: Option<u32> = argument(call, 8)?;
        let parts = RequestParts {
            url,
            flags: call.get(2)?,
            method: text(3)?,
            query: text(4)?,
            headers: text(5)?,
            timeout: argument(call, 7)?,
            retry: argument(call, 9)?,
        };
        let body = self.payload(argument(call, 6)?);
        let traced = number.filter(|_| parts.is_traced());
        let tries = traced.map(|request| {
            let queue = Arc::clone(&self.crossing.promises.queue);
            Arc::new(TracedRequest { queue, client: self.number, request }) as Arc<dyn Tries>
        });
        let abortable = number.map(|number| Abortable::new(&self.crossing.aborts, number));
        self.start(call.env, session, move |engine| {
            // Made before the async block, because the block would keep the parts beside the request made of them.
            let request = parts.into_request(body, engine.config.rules.limits.time, tries).map(Box::new);
            async move {
                // Boxed, because tokio moves a task eight times, and this future is 2 KB.
                let sending = engine.send(request?);
                let mut sending = Box::pin(match traced {
                    None => Either::Left(sending),
                    Some(number) => Either::Right(Whole::Request(number).with(sending)),
                });
                let answer = match abortable {
                    None => sending.await?,
                    Some(mut abortable) => tokio::select! {
                        biased;
                        () = abortable.aborted() => return Err(Error::Aborted),
                        answer = &mut sending => answer?,
                    },
                };
                Ok(Settlement::Answer(NativeAnswer::new(answer)))
            }
        })
    }

    /// Copies bytes now, because JavaScript may write to its buffer as soon as `send` returns.
    fn payload(&self, body: Option<Either3<String, Uint8Array, NativeSource>>) -> Payload {
        match body {
            None => Payload::default(),
            Some(Either3::A(text)) => Bytes::from(text).into(),
            Some(Either3::B(bytes)) => Bytes::copy_from_slice(&bytes).into(),
            Some(Either3::C(source)) => {
                Payload::Stream(Arc::new(Upload::new(Arc::clone(&self.crossing.uploads), source)))
            }
        }
    }
}

fn argument<T: FromNapiValue>(call: &FunctionCallContext<'_>, index: usize) -> Result<Option<T>> {
    if index < call.length() { call.get(index) } else { Ok(None) }
}
