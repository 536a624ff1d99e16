//! One compare-and-set, on a thread that may block.

use std::fs::TryLockError;

use super::directory::Directory;
use super::format::{Unreadable, decode};
use super::place::Names;
use crate::store::{Document, FileProblem, HolderLock, StoreFault, Version};

/// A write, with what the file will hold.
pub(super) struct Write {
    pub(super) names: Names,
    pub(super) expected: Option<Version>,
    pub(super) version: Version,
    pub(super) bytes: zeroize::Zeroizing<Vec<u8>>,
}

pub(super) enum Attempt {
    /// Another writer has the lock.
    Busy,
    /// False: another version is stored.
    Done(bool),
}

/// Without the lock, because a rename is seen as a whole.
pub(super) fn read(directory: &Directory<'_>, names: &Names) -> Result<Option<Document>, StoreFault> {
    let Some(bytes) = directory.read(&names.record)? else { return Ok(None) };
    decode(&names.session, &bytes).map(Some).map_err(|unreadable| match unreadable {
        Unreadable::TooNew(min) => StoreFault::TooNew { min },
        Unreadable::Damaged => {
            directory.fault(&names.record, FileProblem::Damaged { kept: names.kept.clone() })
        }
    })
}

pub(super) fn compare_and_set(directory: &Directory<'_>, write: &Write) -> Result<Attempt, StoreFault> {
    let names = &write.names;
    // Freed when it is dropped, and by the system when this process is killed.
    let lock = directory.lock_file(&names.lock)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy),
        Err(TryLockError::Error(error)) => return Err(directory.fault(&names.lock, error)),
    }
    let stored = read(directory, names)?.map(|stored| stored.version);
    if stored == Some(write.version) {
        // The first time may have failed between the rename and this.
        directory.sync()?;
        return Ok(Attempt::Done(true));
    }
    if stored != write.expected {
        return Ok(Attempt::Done(false));
    }
    directory.create(&names.next, &write.bytes)?;
    if stored.is_some() {
        // A file system without hard links keeps no older write. That is no reason to lose this one.
        let _ = directory.link(&names.record, &names.kept);
    }
    directory.rename(&names.next, &names.record)?;
    directory.sync()?;
    Ok(Attempt::Done(true))
}

/// Held by the value that is returned.
pub(super) fn lock_holder(directory: &Directory<'_>, names: &Names) -> Result<HolderLock, StoreFault> {
    let lock = directory.lock_file(&names.holder)?;
    match lock.try_lock() {
        Ok(()) => Ok(HolderLock::Taken(Box::new(lock))),
        Err(TryLockError::WouldBlock) => Ok(HolderLock::Busy),
        Err(TryLockError::Error(error)) => Err(directory.fault(&names.holder, error)),
    }
}
