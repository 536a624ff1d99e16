//! `directory.rs` for other systems, Windows among them: by path, and without owners and modes. Not tested: no such
//! machine was at hand.
//!
//! Windows gives a directory in a user's profile to that user alone, and the short lock is `LockFileEx`.

use std::fs::{File, OpenOptions, hard_link, metadata, remove_file, rename, symlink_metadata};
use std::io::{ErrorKind, Read, Write};

use zeroize::Zeroizing;

use super::place::{Place, fault};
use crate::store::{FileProblem, StoreFault};

pub(super) struct Directory<'a> {
    place: &'a Place,
}

impl<'a> Directory<'a> {
    pub(super) fn open(place: &'a Place) -> Result<Self, StoreFault> {
        let problem = match symlink_metadata(&place.path) {
            Ok(found) if found.is_symlink() => FileProblem::Link,
            Ok(found) if found.is_dir() => return Ok(Self { place }),
            Ok(_) => FileProblem::NotADirectory,
            Err(error) if error.kind() == ErrorKind::NotFound => FileProblem::Gone,
            Err(error) => error.into(),
        };
        Err(fault(&place.path, problem))
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let Some(mut file) = self.opened(name, OpenOptions::new().read(true))? else { return Ok(None) };
        let size = file.metadata().map_err(|error| self.fault(name, error))?.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 32));
        file.read_to_end(&mut bytes).map_err(|error| self.fault(name, error))?;
        Ok(Some(bytes))
    }

    pub(super) fn lock_file(&self, name: &str) -> Result<File, StoreFault> {
        let file = self.opened(name, OpenOptions::new().read(true).write(true).create(true))?;
        file.ok_or_else(|| self.fault(name, FileProblem::Gone))
    }

    fn opened(&self, name: &str, options: &OpenOptions) -> Result<Option<File>, StoreFault> {
        let path = self.place.path.join(name);
        if symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(self.fault(name, FileProblem::Link));
        }
        if metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(self.fault(name, FileProblem::NotAFile));
        }
        match options.open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.fault(name, error)),
        }
    }

    pub(super) fn create(&self, name: &str, bytes: &[u8]) -> Result<(), StoreFault> {
        self.remove(name)?;
        let made = File::create_new(self.place.path.join(name));
        let written = made.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| {
            let _ = self.remove(name);
            self.fault(name, error)
        })
    }

    pub(super) fn link(&self, name: &str, second: &str) -> Result<(), StoreFault> {
        self.remove(second)?;
        let linked = hard_link(self.place.path.join(name), self.place.path.join(second));
        linked.map_err(|error| self.fault(second, error))
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), StoreFault> {
        let renamed = rename(self.place.path.join(from), self.place.path.join(to));
        renamed.map_err(|error| self.fault(to, error))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), StoreFault> {
        match remove_file(self.place.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(self.fault(name, error)),
            _ => Ok(()),
        }
    }

    /// Such systems put the names in a directory on the disk themselves.
    #[allow(clippy::unnecessary_wraps, clippy::unused_self, reason = "other systems do it")]
    pub(super) fn sync(&self) -> Result<(), StoreFault> {
        Ok(())
    }

    pub(super) fn fault(&self, name: &str, problem: impl Into<FileProblem>) -> StoreFault {
        fault(&self.place.path.join(name), problem)
    }
}
