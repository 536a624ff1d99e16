//! Settles promises: makes JavaScript values of what the engine prepared. JavaScript thread only.

use std::rc::Rc;

use napi::Result;
use napi::bindgen_prelude::{JavaScriptClassExt as _, JsValue as _};

use super::bodies::download::Download;
use super::promise::Promises;
use super::values::Settlement;
use super::values::errors;
use super::values::napi_value::{Deferred, Js, Scope};
use super::values::tokens;
use engine::client::Authorised;
use engine::error::Error;
use engine::http::Download as EngineDownload;

/// Settles a promise of the environment that `promises` makes promises in.
pub(super) fn settle(
    scope: Scope,
    deferred: Deferred,
    result: std::result::Result<Settlement, Error>,
    promises: &Rc<Promises>,
) {
    scope.with_handles(|| {
        let made = result.and_then(|settlement| {
            value(scope, settlement, promises).map_err(|_| {
                // V8 may have had no room for the value.
                scope.clear_exception();
                Error::Internal
            })
        });
        match made {
            Ok(value) => scope.resolve(deferred, value),
            Err(error) => {
                // While the environment is torn down no error can be made, and no caller is left to get it.
                if let Ok(value) = errors::raw(scope, &error, promises.queue.id) {
                    scope.reject(deferred, value);
                }
            }
        }
    });
}

pub(super) fn value(scope: Scope, settlement: Settlement, promises: &Rc<Promises>) -> Result<Js> {
    match settlement {
        Settlement::Answer(answer) => answer.into_js(scope, |engine| download(scope, engine, promises)),
        Settlement::Body(body) => body.into_js(scope),
        Settlement::Chunk(parts) => scope.chunk(&parts),
        Settlement::Authorised(Some(authorised)) => write_authorised(scope, &authorised),
        Settlement::AccessToken(held) => scope.text(held.tokens.access.expose()),
        Settlement::Tokens(Some(held)) => tokens::write(scope, &held.tokens),
        Settlement::Authorised(None) | Settlement::Tokens(None) => scope.null(),
        Settlement::Done => scope.undefined(),
    }
}

fn download(scope: Scope, engine: Box<EngineDownload>, promises: &Rc<Promises>) -> Result<Js> {
    let env = napi::Env::from_raw(scope.raw());
    Ok(Js(Download::new(engine, Rc::clone(promises)).into_instance(&env)?.value().value))
}

fn write_authorised(scope: Scope, Authorised { header, stamp }: &Authorised) -> Result<Js> {
    let value = header.as_ref().map_or_else(|| scope.null(), |value| scope.latin1(value.as_bytes()))?;
    let [epoch, generation] = [stamp.epoch, stamp.generation].map(|number| scope.number(number as f64));
    scope.array(&[value, epoch?, generation?])
}
