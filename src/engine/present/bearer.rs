//! `Bearer` and the token (RFC 6750 §2.1).
//!
//! Made for each request, in a tenth of a microsecond: kept, it would be one more copy of the token in each session.

use std::future::ready;

use ::http::Method;
use ::http::header::HeaderValue;
use url::Url;

use crate::error::Error;
use crate::present::{Presented, Presenter};
use crate::session::Held;

pub(super) struct Bearer;

impl Presenter for Bearer {
    fn header<'a>(&'a self, held: &'a Held, _request: Option<(&'a Method, &'a Url)>) -> Presented<'a> {
        match HeaderValue::try_from(format!("Bearer {}", held.tokens.access.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                Presented::Made(value)
            }
            Err(_) => Presented::Making(Box::pin(ready(Err(Error::Internal)))),
        }
    }
}
