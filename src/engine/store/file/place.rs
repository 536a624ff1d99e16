//! The directory that a file store was given, and the names of the files in it.

use std::fs::{DirBuilder, File};
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf, absolute};

use crate::store::{FileProblem, StoreFault, session_name};

/// Where the directory is, and which directory is good enough.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) allow_network_fs: bool,
}

/// The files of one session.
pub(super) struct Names {
    /// The name of the session, to which the record's checksum is bound.
    pub(super) session: String,
    pub(super) record: String,
    /// The write before the record.
    pub(super) kept: String,
    /// The next record, until it is whole. Only the owner of the lock touches it.
    pub(super) next: String,
    /// Locked while the record is compared and replaced, for milliseconds. Never replaced itself, because a lock belongs to
    /// the file rather than to its name: a writer with the old file would not see a writer with the new one.
    pub(super) lock: String,
    /// Locked by the holder of a lease, for as long as the holder rotates.
    pub(super) holder: String,
}

impl Place {
    /// Without a slash at the end, because such a path would follow a symbolic link. Absolute, so that `process.chdir` does
    /// not move the store.
    pub(super) fn new(path: &Path, allow_network_fs: bool) -> Result<Self, StoreFault> {
        let absolute = absolute(path).map_err(|error| fault(path, error))?;
        Ok(Self { path: absolute.components().collect(), allow_network_fs })
    }

    /// Makes the directory, and those above it, if they are not there.
    pub(super) fn make(&self) -> Result<(), StoreFault> {
        make(&self.path).map_err(|error| fault(&self.path, error))
    }
}

fn make(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let Some(parent) = path.parent() else { return Ok(()) };
    let mut made = builder.create(path);
    if made.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        make(parent)?;
        made = builder.create(path);
    }
    match made {
        // Else a power failure could take the new directory, with every session in it. Some parents may not be read.
        Ok(()) => File::open(parent).map_or(Ok(()), |parent| sync(&parent)),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        failed => failed,
    }
}

/// Puts the names in a directory on the disk.
pub(super) fn sync(directory: &File) -> Result<(), Error> {
    match directory.sync_all() {
        // Some network file systems know no such thing for a directory.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

impl Names {
    pub(super) fn of(session: &str) -> Self {
        Self::named(session_name(session))
    }

    pub(super) fn named(session: String) -> Self {
        let file = |ending: &str| format!("{session}.{ending}");
        Self {
            record: file("record"),
            kept: file("bak"),
            next: file("new"),
            lock: file("lock"),
            holder: file("holder"),
            session,
        }
    }
}

pub(super) fn fault(path: &Path, problem: impl Into<FileProblem>) -> StoreFault {
    StoreFault::File { path: path.display().to_string(), problem: problem.into() }
}
