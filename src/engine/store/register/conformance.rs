//! The duties of every register. Each implementation of [`Register`] runs this suite in its own tests.

mod tests;

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, poll};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use crate::secret::Secret;
use crate::store::{Document, HolderLock, Register, Version};

/// Writers that try to write at the same moment.
const WRITERS: usize = 8;

/// How often they try.
const ROUNDS: usize = 20;

/// How long a change may take until `watch` tells of it.
const NOTICE: Duration = Duration::from_secs(10);

/// Runs the suite. Every register that `open` returns sees the same documents; the sessions are new in each run.
pub(crate) async fn conforms(open: impl Fn() -> Arc<dyn Register>) {
    let suite = Suite { open: &open };
    suite.unknown_session_has_no_document().await;
    suite.what_was_written_is_read_by_everybody().await;
    suite.sessions_do_not_touch_each_other().await;
    suite.every_text_comes_back().await;
    suite.versions_are_not_looked_into().await;
    suite.document_is_created_over_nothing_only().await;
    suite.write_over_another_version_changes_nothing().await;
    suite.repeat_of_a_write_is_done_and_changes_nothing().await;
    suite.repeat_after_another_write_is_a_conflict().await;
    suite.tombstone_is_written_like_every_document().await;
    suite.one_of_many_writers_wins().await;
    suite.no_increment_is_lost().await;
    suite.write_that_was_given_up_compares_as_well().await;
    suite.watch_misses_no_write_after_its_call().await;
    suite.holder_is_seen_until_its_lock_is_dropped().await;
}

struct Suite<'a> {
    open: &'a dyn Fn() -> Arc<dyn Register>,
}

/// A session that no run had before.
fn new_session(name: &str) -> String {
    format!("{name} {:x}", rand::random::<u128>())
}

/// Keys as users may choose them, and pairs that a careless store takes for one.
fn odd_sessions() -> Vec<String> {
    let run = format!("{:x}", rand::random::<u128>());
    let mut odd: Vec<_> = [
        "a",
        "A",
        "a ",
        " a",
        "ä",
        "a\u{308}",
        "ß",
        "ss",
        "☃ 𝒳",
        "../a",
        "/a",
        "a/b",
        "a\\b",
        "a%2fb",
        ".",
        "..",
        "'\"`;--",
        "{a}b",
        "{a}",
        "*",
        "a\nb",
        "a\tb",
        "a:b",
        "__proto__",
        "null",
        "0",
        "00",
    ]
    .map(|key| format!("{run}{key}"))
    .into();
    odd.push(format!("../{run}"));
    odd.push(format!("/{run}"));
    odd.extend(["a", "b"].map(|end| format!("{run}{}{end}", "long".repeat(256))));
    odd
}

fn document(text: &str) -> Document {
    Document { text: Secret::new(text.to_owned()), version: Version::random() }
}

/// Writes a new document over `expected`, and tells whether that was done.
async fn write(
    register: &dyn Register,
    session: &str,
    expected: Option<Version>,
    text: &str,
) -> (Document, bool) {
    let next = document(text);
    let done = register.compare_and_set(session, expected, &next).await.unwrap();
    (next, done)
}

impl Suite<'_> {
    fn open(&self) -> Arc<dyn Register> {
        (self.open)()
    }

    /// The first document of a session that has none.
    async fn first(&self, session: &str) -> Document {
        let (first, done) = write(&*self.open(), session, None, "first").await;
        assert!(done, "nothing was stored");
        first
    }

    async fn unknown_session_has_no_document(&self) {
        assert_eq!(self.open().read(&new_session("nothing")).await, Ok(None));
    }

    async fn what_was_written_is_read_by_everybody(&self) {
        let (register, other, session) = (self.open(), self.open(), new_session("written"));
        let first = self.first(&session).await;
        assert_eq!(other.read(&session).await, Ok(Some(first.clone())));
        let (second, done) = write(&*other, &session, Some(first.version), "second").await;
        assert!(done);
        assert_eq!(register.read(&session).await, Ok(Some(second)));
    }

    async fn sessions_do_not_touch_each_other(&self) {
        let register = self.open();
        let mut written = Vec::new();
        for session in odd_sessions() {
            let (document, done) = write(&*register, &session, None, &format!("{session:?}")).await;
            assert!(done, "{session:?} is taken for another session");
            written.push((session, document));
        }
        // The empty key is the same in each run.
        let stored = register.read("").await.unwrap().map(|stored| stored.version);
        let (empty, done) = write(&*register, "", stored, "empty").await;
        assert!(done);
        written.push((String::new(), empty));
        for (session, document) in written {
            assert_eq!(self.open().read(&session).await, Ok(Some(document)), "{session:?}");
        }
    }

    async fn every_text_comes_back(&self) {
        let (register, session) = (self.open(), new_session("texts"));
        let long = "0123456789abcdef".repeat(4096);
        let texts = ["{\"tokens\":{}}", "☃ 𝒳 \u{2028}\"\\'\r\n\t", " spaces ", "%s {0} $1 :a ?", &long];
        let mut expected = None;
        for text in texts {
            let (next, done) = write(&*register, &session, expected, text).await;
            assert!(done);
            let stored = self.open().read(&session).await.unwrap().unwrap();
            assert!(stored.text.expose() == text, "another text came back than {} bytes", text.len());
            expected = Some(next.version);
        }
    }

    /// The same text may come again, and a version is neither a number nor zero for nothing.
    async fn versions_are_not_looked_into(&self) {
        let (register, session) = (self.open(), new_session("versions"));
        let mut expected = None;
        for byte in [0xff, 0, b'0', 1, 0x80] {
            let next = Document { version: Version::from([byte; 16]), ..document("same") };
            assert_eq!(register.compare_and_set(&session, expected, &next).await, Ok(true));
            assert_eq!(self.open().read(&session).await, Ok(Some(next.clone())));
            expected = Some(next.version);
        }
    }

    async fn document_is_created_over_nothing_only(&self) {
        let (register, session) = (self.open(), new_session("create"));
        let first = self.first(&session).await;
        assert!(!write(&*register, &session, None, "second").await.1);
        assert_eq!(register.read(&session).await, Ok(Some(first)));
    }

    async fn write_over_another_version_changes_nothing(&self) {
        let (register, session) = (self.open(), new_session("conflict"));
        assert!(!write(&*register, &session, Some(Version::random()), "first").await.1);
        assert_eq!(register.read(&session).await, Ok(None), "nothing is there to be written over");
        let first = self.first(&session).await;
        let (second, _) = write(&*register, &session, Some(first.version), "second").await;
        for expected in [Some(first.version), Some(Version::random()), None] {
            assert!(!write(&*register, &session, expected, "third").await.1);
            assert_eq!(register.read(&session).await, Ok(Some(second.clone())));
        }
    }

    /// A writer repeats a write whose answer was lost.
    async fn repeat_of_a_write_is_done_and_changes_nothing(&self) {
        let (register, session) = (self.open(), new_session("repeat"));
        let first = self.first(&session).await;
        assert_eq!(register.compare_and_set(&session, None, &first).await, Ok(true));
        let (second, _) = write(&*register, &session, Some(first.version), "second").await;
        for repeating in [register, self.open()] {
            let repeat = repeating.compare_and_set(&session, Some(first.version), &second).await;
            assert_eq!(repeat, Ok(true));
            assert_eq!(self.open().read(&session).await, Ok(Some(second.clone())));
        }
    }

    /// Else a writer whose answer was lost would write over its successor.
    async fn repeat_after_another_write_is_a_conflict(&self) {
        let (register, session) = (self.open(), new_session("repeat late"));
        let first = self.first(&session).await;
        let (second, _) = write(&*self.open(), &session, Some(first.version), "second").await;
        assert_eq!(register.compare_and_set(&session, None, &first).await, Ok(false));
        let (third, _) = write(&*self.open(), &session, Some(second.version), "third").await;
        assert_eq!(register.compare_and_set(&session, Some(first.version), &second).await, Ok(false));
        assert_eq!(register.read(&session).await, Ok(Some(third)));
    }

    /// Else a rotation that commits after a logout would undo it, or a logout would undo a login.
    async fn tombstone_is_written_like_every_document(&self) {
        let (register, session, tombstone) = (self.open(), new_session("tombstone"), document("nobody"));
        let set = |expected| register.set_tombstone(&session, expected, &tombstone);
        assert_eq!(set(Some(Version::random())).await, Ok(false));
        let first = self.first(&session).await;
        assert_eq!(set(None).await, Ok(false));
        for _repeated in 0..2 {
            assert_eq!(set(Some(first.version)).await, Ok(true));
            assert_eq!(self.open().read(&session).await, Ok(Some(tombstone.clone())));
        }
        for expected in [None, Some(first.version)] {
            assert!(!write(&*register, &session, expected, "late").await.1);
        }
        let (next, done) = write(&*register, &session, Some(tombstone.version), "next").await;
        assert!(done);
        assert_eq!(set(Some(first.version)).await, Ok(false));
        assert_eq!(register.read(&session).await, Ok(Some(next)));
    }

    async fn one_of_many_writers_wins(&self) {
        let session = new_session("writers");
        let mut expected = None;
        for round in 0..ROUNDS {
            // Each on a thread of its own, with a register of its own.
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let (register, session, runtime) = (self.open(), session.clone(), Handle::current());
                    let text = format!("{round} {writer}");
                    spawn_blocking(move || runtime.block_on(write(&*register, &session, expected, &text)))
                })
                .collect();
            let mut won = Vec::new();
            for writer in writers {
                let (next, done) = writer.await.unwrap();
                won.extend(done.then_some(next));
            }
            let [winner] = &won[..] else { panic!("{} writers won", won.len()) };
            assert_eq!(self.open().read(&session).await, Ok(Some(winner.clone())));
            expected = Some(winner.version);
        }
    }

    async fn no_increment_is_lost(&self) {
        let session = new_session("increments");
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (register, session, runtime) = (self.open(), session.clone(), Handle::current());
                spawn_blocking(move || {
                    runtime.block_on(async {
                        for _ in 0..ROUNDS {
                            increment(&*register, &session).await;
                        }
                    });
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let stored = self.open().read(&session).await.unwrap().unwrap();
        assert_eq!(stored.text.expose(), (WRITERS * ROUNDS).to_string());
    }

    /// It may be applied, but only as long as its version is expected.
    async fn write_that_was_given_up_compares_as_well(&self) {
        for round in 0..ROUNDS {
            let (register, other, session) = (self.open(), self.open(), new_session("late"));
            let given_up = document("given up");
            let mut late = register.compare_and_set(&session, None, &given_up);
            // Begun in most rounds; in the others the caller leaves before the first poll.
            let _ = if round % 4 == 0 { None } else { Some(poll!(&mut late)) };
            drop(late);
            increment(&*other, &session).await;
            let mut expected = other.read(&session).await.unwrap().map(|stored| stored.version);
            for _ in 0..10 {
                let (next, done) = write(&*other, &session, expected, "newer").await;
                assert!(done, "the write that was given up was applied over a newer one");
                expected = Some(next.version);
            }
        }
    }

    /// `watch` may tell of more than there is, and never of less.
    async fn watch_misses_no_write_after_its_call(&self) {
        let (register, other, session) = (self.open(), self.open(), new_session("watch"));
        let mut expected = None;
        for _ in 0..ROUNDS {
            let Some(changed) = register.watch(&session) else { return };
            let (next, done) = write(&*other, &session, expected, "changed").await;
            assert!(done);
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(NOTICE) => panic!("a write was not noticed"),
            }
            expected = Some(next.version);
        }
    }

    async fn holder_is_seen_until_its_lock_is_dropped(&self) {
        let (register, other) = (self.open(), self.open());
        let (session, unlocked) = (new_session("holder"), new_session("other holder"));
        let held = match register.lock_holder(&session).await.unwrap() {
            HolderLock::Unsupported => return,
            HolderLock::Busy => panic!("nobody has the lock"),
            HolderLock::Taken(held) => held,
        };
        let again = other.lock_holder(&session).now_or_never();
        assert!(!matches!(again, Some(Ok(HolderLock::Taken(_)))));
        assert!(matches!(other.lock_holder(&session).await, Ok(HolderLock::Busy)));
        assert!(matches!(other.lock_holder(&unlocked).await, Ok(HolderLock::Taken(_))));
        let first = self.first(&session).await;
        assert_eq!(
            other.read(&session).await,
            Ok(Some(first)),
            "the lock keeps nobody from reading and writing"
        );
        drop(held);
        assert!(matches!(other.lock_holder(&session).await, Ok(HolderLock::Taken(_))));
    }
}

/// Adds one to the number that is stored, or to 0.
async fn increment(register: &dyn Register, session: &str) {
    loop {
        let stored = register.read(session).await.unwrap();
        let number: usize = stored.as_ref().map_or(0, |stored| stored.text.expose().parse().unwrap_or(0));
        let expected = stored.map(|stored| stored.version);
        if write(register, session, expected, &(number + 1).to_string()).await.1 {
            return;
        }
    }
}
