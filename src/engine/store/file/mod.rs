//! Files of one machine as a register: a directory, and in it a file for each session.
//!
//! A write takes a short lock, compares, writes a second file to the disk, and renames it over the first. A kill or a power failure
//! leaves one of the two files whole. Invariant: a file that cannot be read is never written over.
//!
//! Files are touched by threads that may block (tokio's), and never by the engine's own thread; `watch` alone looks at the
//! file's times from there, which takes a microsecond on a local disk.

#[cfg_attr(
    not(any(target_os = "linux", target_os = "android", target_vendor = "apple")),
    path = "portable.rs"
)]
mod directory;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
pub(super) mod fuzzing;
mod list;
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod network;
mod place;
mod swap;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use self::directory::Directory;
use self::place::{Names, Place, fault};
use self::swap::{Attempt, Write};
use crate::clock;
use crate::store::{
    Document, FileProblem, HolderLock, Listed, Register, StoreError, StoreFault, StoreFuture, Version,
};

/// Threads that may be busy with one store at a time. A disk that hangs then holds up these, and no more.
const AT_ONCE: usize = 8;

/// How long a writer waits for the lock of a record, which others hold for milliseconds. A process that is stopped may hold
/// it for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// Milliseconds until a busy lock is tried again, at random so that two writers do not stay in step.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 1..=4;

/// The records of every session in one directory.
pub struct FileRegister {
    place: Arc<Place>,
    threads: Arc<Semaphore>,
    /// The directory was there, or was made.
    made: Arc<AtomicBool>,
}

impl FileRegister {
    /// The first call makes the directory if it is not there, and every call examines it. Nothing is done on the disk before,
    /// because a disk may hang.
    pub fn new(path: &Path, allow_network_fs: bool) -> Result<Self, StoreFault> {
        let place = Arc::new(Place::new(path, allow_network_fs)?);
        Ok(Self { place, threads: Arc::new(Semaphore::new(AT_ONCE)), made: Arc::default() })
    }

    /// What the directory holds, for people: the records of these sessions, or all if there are none. Nothing is made or locked.
    pub fn list(path: &Path, allow_network_fs: bool, sessions: &[String]) -> Result<Vec<Listed>, StoreFault> {
        list::list(&Place::new(path, allow_network_fs)?, sessions)
    }

    /// Absolute. Two stores with one path are one store.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// Goes on when the caller leaves: a write is then a late one.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Directory<'_>) -> Result<T, StoreFault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let (place, made) = (Arc::clone(&self.place), Arc::clone(&self.made));
        let ran = spawn_blocking(move || {
            let _thread = thread;
            job(&opened(&place, &made)?)
        });
        // An error of the thread: it panicked, or the runtime ends.
        let done = ran.await.map_err(|_| StoreError::Failed { cause: None })?;
        done.map_err(StoreError::Fault)
    }

    async fn write(&self, write: Write) -> Result<bool, StoreError> {
        let write = Arc::new(write);
        let mut waited = Duration::ZERO;
        loop {
            let begun = clock::now();
            let attempted = Arc::clone(&write);
            let attempt = self.run(move |directory| swap::compare_and_set(directory, &attempted)).await?;
            if let Attempt::Done(done) = attempt {
                return Ok(done);
            }
            if waited >= PATIENCE {
                let lock = self.place.path.join(&write.names.lock);
                return Err(StoreError::Fault(fault(&lock, FileProblem::Locked)));
            }
            tokio::time::sleep(Duration::from_millis(rand::random_range(PAUSE_MS))).await;
            // A stop of this process counts as a tenth at most, as in [`clock::awake`]. Else a process that goes on would fail because
            // another writer has the lock at that moment.
            waited += (clock::now() - begun).min(PATIENCE / 10);
        }
    }
}

/// A directory that was there and is gone is not made again, because its sessions would be gone unnoticed.
fn opened<'a>(place: &'a Place, made: &AtomicBool) -> Result<Directory<'a>, StoreFault> {
    if !made.load(Ordering::Relaxed) {
        place.make()?;
        made.store(true, Ordering::Relaxed);
    }
    Directory::open(place)
}

impl Register for FileRegister {
    fn read<'a>(&'a self, session: &'a str) -> StoreFuture<'a, Option<Document>> {
        let names = Names::of(session);
        Box::pin(self.run(move |directory| swap::read(directory, &names)))
    }

    fn compare_and_set<'a>(
        &'a self,
        session: &'a str,
        expected: Option<Version>,
        next: &'a Document,
    ) -> StoreFuture<'a, bool> {
        let names = Names::of(session);
        let bytes = format::encode(&names.session, next);
        Box::pin(self.write(Write { names, expected, version: next.version, bytes }))
    }

    fn watch<'a>(&'a self, session: &str) -> Option<BoxFuture<'a, ()>> {
        // A network file system may take seconds to tell the times of a file.
        let changed = || watch::changed(self.place.path.join(Names::of(session).record));
        (!self.place.allow_network_fs).then(|| Box::pin(changed()) as BoxFuture<'a, ()>)
    }

    fn lock_holder<'a>(&'a self, session: &'a str) -> StoreFuture<'a, HolderLock> {
        let names = Names::of(session);
        Box::pin(self.run(move |directory| swap::lock_holder(directory, &names)))
    }
}

#[cfg(all(test, unix))]
mod tests;
