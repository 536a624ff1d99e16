//! A value that is made from sources, and made again when they change.

use std::borrow::Cow;
use std::sync::Arc;

use crate::lock::Lock;
use crate::secret::Secret;
use crate::source::{Source, SourceError};

/// A parsed key, certificate or configuration. While the newest texts cannot be parsed, because a writer is half done, the
/// last value that could be serves on.
pub struct Live<T> {
    sources: Vec<Source>,
    parse: Box<Parse<T>>,
    state: Lock<State<T>>,
}

type Parse<T> = dyn Fn(&[Secret]) -> Result<T, Unfit> + Send + Sync;

/// Texts that cannot be parsed. `at` is the number of the source that is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub at: usize,
    /// The rest of a sentence whose subject is the source.
    pub problem: Cow<'static, str>,
}

/// The texts that were parsed last, and the outcome that is given for them.
type State<T> = Option<(Vec<Secret>, Result<Arc<T>, Unfit>)>;

impl<T> Live<T> {
    pub fn new<P: Into<Cow<'static, str>>>(
        source: Source,
        parse: impl Fn(&Secret) -> Result<T, P> + Send + Sync + 'static,
    ) -> Self {
        Self::of(vec![source], move |texts| {
            parse(&texts[0]).map_err(|problem| Unfit { at: 0, problem: problem.into() })
        })
    }

    /// Made from several texts that belong together, as a certificate and its key do.
    pub fn of(
        sources: Vec<Source>,
        parse: impl Fn(&[Secret]) -> Result<T, Unfit> + Send + Sync + 'static,
    ) -> Self {
        Self { sources, parse: Box::new(parse), state: Lock::new(None) }
    }

    /// Parses the texts if all of them are values, so that a mistake in an option is found when a client is made. Others
    /// are read when they are first needed.
    pub fn check(&self) -> Result<Option<Arc<T>>, Unfit> {
        let values = self.sources.iter().map(|source| match source {
            Source::Value(text) => Some(text.clone()),
            _ => None,
        });
        values.collect::<Option<Vec<_>>>().map(|texts| self.made(texts)).transpose()
    }

    /// True if a source may bring another text.
    pub fn changes(&self) -> bool {
        self.sources.iter().any(|source| !matches!(source, Source::Value(_)))
    }

    pub async fn get(&self) -> Result<Arc<T>, SourceError> {
        self.get_or_blame().await.map_err(|(_, error)| error)
    }

    /// [`Live::get`], whose error has the number of the source that is to blame.
    pub async fn get_or_blame(&self) -> Result<Arc<T>, (usize, SourceError)> {
        let mut texts = Vec::with_capacity(self.sources.len());
        for (at, source) in self.sources.iter().enumerate() {
            texts.push(source.read().await.map_err(|error| (at, error))?);
        }
        self.made(texts).map_err(|unfit| (unfit.at, self.sources[unfit.at].error(unfit.problem)))
    }

    fn made(&self, texts: Vec<Secret>) -> Result<Arc<T>, Unfit> {
        let mut state = self.state.lock();
        if let Some((parsed, outcome)) = &*state
            && *parsed == texts
        {
            return outcome.clone();
        }
        let outcome = match ((self.parse)(&texts), state.take()) {
            (Ok(made), _) => Ok(Arc::new(made)),
            (Err(_), Some((_, Ok(good)))) => Ok(good),
            (Err(unfit), _) => Err(unfit),
        };
        *state = Some((texts, outcome.clone()));
        outcome
    }
}
