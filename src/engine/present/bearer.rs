//! `Bearer` and the token (RFC 6750 §2.1).

use std::future::ready;

use ::http::Method;
use ::http::header::HeaderValue;
use url::Url;

use crate::error::Error;
use crate::present::{Newest, Presented, Presenter};
use crate::token::Held;

#[derive(Default)]
pub(super) struct Bearer(Newest);

impl Presenter for Bearer {
    fn header<'a>(&'a self, held: &'a Held, _request: Option<(&'a Method, &'a Url)>) -> Presented<'a> {
        if let Some(value) = self.0.of(held) {
            return Presented::Made(value);
        }
        match HeaderValue::try_from(format!("Bearer {}", held.tokens.access.expose())) {
            Ok(value) => Presented::Made(self.0.replace(held, value)),
            Err(_) => Presented::Making(Box::pin(ready(Err(Error::Internal)))),
        }
    }
}
