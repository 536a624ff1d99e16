//! A secret of a grant that JavaScript gives, for each use: the user's function, an environment variable, or an encrypted key.

use futures_util::future::BoxFuture;

use super::Callbacks;
use crate::binding::part_of;
use crate::binding::queue::call::{Arg, Reply};
use engine::error::Cause;
use engine::secret::Secret;
use engine::source::{Provide, SourceError};

pub(in crate::binding) struct CallbackSource {
    pub(in crate::binding) callbacks: Callbacks,
    /// Its place among the functions that `lib/options/source.js` has collected.
    pub(in crate::binding) number: u32,
    /// The option, for errors.
    pub(in crate::binding) name: String,
}

impl Provide for CallbackSource {
    fn provide(&self) -> BoxFuture<'_, Result<Secret, SourceError>> {
        Box::pin(async move {
            let number = Arg::Number(f64::from(self.number));
            let args = std::iter::once(number).chain(part_of::args()).collect();
            match self.callbacks.reply("source", args).await {
                Ok(Ok(Reply::Secret(secret))) => Ok(secret),
                Ok(Ok(Reply::Failed { cause, .. })) => Err(self.failed(cause)),
                Ok(Ok(_)) => Err(self.failed(None)),
                Ok(Err(_)) => Err(SourceError::gone()),
                Err(_late) => Err(self.late()),
            }
        })
    }
}

impl CallbackSource {
    /// What `lib/` says of its own errors begins with the option's name.
    fn failed(&self, cause: Option<Cause>) -> SourceError {
        let said = cause.as_ref().and_then(|cause| cause.said.as_deref()?.split_once(' '));
        let (subject, problem) = said.unwrap_or((&self.name, "threw an error, which is the cause"));
        let (subject, problem) = (subject.to_owned(), problem.to_owned().into());
        // For the message, which names the option also if a function of the user's threw.
        let cause = cause.map(|cause| Cause { said: Some(format!("{subject} {problem}").into()), ..cause });
        SourceError { subject, problem, cause, gone: false }
    }

    fn late(&self) -> SourceError {
        let problem = "gave nothing within refreshTimeout".into();
        SourceError { subject: self.name.clone(), problem, cause: None, gone: false }
    }
}
