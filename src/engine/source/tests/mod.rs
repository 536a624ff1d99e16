mod files;
mod live;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A directory of one test, with all that is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("token-rotator-source-{:x}", rand::random::<u128>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// As those who are careful exchange a file.
    fn replace(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path("new"), text).unwrap();
        fs::rename(self.path("new"), self.path(name)).unwrap();
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn text(source: &Source) -> String {
    source.read().await.unwrap().expose().to_owned()
}

async fn problem(source: &Source) -> String {
    source.read().await.unwrap_err().to_string()
}

/// A function that counts its calls, and fails at every second one.
struct Counting(AtomicUsize);

impl Provide for Counting {
    fn provide(&self) -> BoxFuture<'_, Result<Secret, SourceError>> {
        let call = self.0.fetch_add(1, Ordering::Relaxed);
        let answer = match call % 2 {
            0 => Ok(Secret::new(format!("secret {call}"))),
            _ => Err(SourceError { problem: "threw".into(), ..SourceError::gone() }),
        };
        Box::pin(std::future::ready(answer))
    }
}

#[tokio::test]
async fn value_is_itself_and_function_is_called_for_each_use() {
    assert_eq!(text(&Source::value(Secret::new("secret".into()))).await, "secret");
    let function = Source::callback(Arc::new(Counting(AtomicUsize::new(0))));
    assert_eq!(text(&function).await, "secret 0");
    // Its own error, and not the secret that it gave before: an assertion from then may be invalid by now.
    assert_eq!(problem(&function).await, "the function threw");
    assert_eq!(text(&function).await, "secret 2");
}

#[test]
fn no_source_prints_its_value() {
    let value = Source::value(Secret::new("hidden".into()));
    assert_eq!(format!("{value:?} {value}"), "Source(the value) the value");
    assert_eq!(format!("{}", value.error("is wrong")), "the value is wrong");
}
