//! The directory of a file store, opened and examined: every step is relative to what was examined.
//!
//! Invariant: no symbolic link is followed, and no file that others own, or may read, is used.

use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, linkat, openat, renameat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;
use zeroize::Zeroizing;

use super::network;
use super::place::{Place, fault, sync};
use crate::store::{FileProblem, StoreFault};

/// A FIFO does not block, a terminal does not become this process', and no child process inherits the file.
const ANY: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

const OTHERS: u32 = 0o077;

pub(super) struct Directory<'a> {
    place: &'a Place,
    file: File,
}

impl<'a> Directory<'a> {
    /// Examined at each use, because an administrator may have opened or moved it meanwhile.
    pub(super) fn open(place: &'a Place) -> Result<Self, StoreFault> {
        let problem = |problem: FileProblem| fault(&place.path, problem);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | ANY;
        let file = match openat(CWD, &place.path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Err(problem(FileProblem::Gone)),
            Err(Errno::NOTDIR | Errno::LOOP) if place.path.is_symlink() => {
                return Err(problem(FileProblem::Link));
            }
            Err(Errno::NOTDIR) => return Err(problem(FileProblem::NotADirectory)),
            Err(error) => return Err(problem(io::Error::from(error).into())),
        };
        let metadata = file.metadata().map_err(|error| problem(error.into()))?;
        examine(&metadata, 0o700).map_err(problem)?;
        if !place.allow_network_fs
            && let Some(kind) = network::kind(&file).map_err(|error| problem(error.into()))?
        {
            return Err(problem(FileProblem::Network { kind }));
        }
        Ok(Self { place, file })
    }

    /// None if there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let Some(mut file) = self.opened(name, OFlags::RDONLY)? else { return Ok(None) };
        let size = file.metadata().map_err(|error| self.fault(name, error))?.len();
        // With room for the read that finds the end, because a buffer that grows leaves copies of the tokens behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 32));
        file.read_to_end(&mut bytes).map_err(|error| self.fault(name, error))?;
        Ok(Some(bytes))
    }

    /// A file to lock, made if it is not there.
    pub(super) fn lock_file(&self, name: &str) -> Result<File, StoreFault> {
        let file = self.opened(name, OFlags::RDWR | OFlags::CREATE)?;
        file.ok_or_else(|| self.fault(name, FileProblem::Gone))
    }

    fn opened(&self, name: &str, flags: OFlags) -> Result<Option<File>, StoreFault> {
        let file = match openat(&self.file, name, flags | ANY, Mode::RUSR | Mode::WUSR) {
            Ok(file) => File::from(file),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(self.fault(name, FileProblem::Link)),
            // Said of a FIFO or device that is opened to be written.
            Err(Errno::NXIO | Errno::ISDIR) => return Err(self.fault(name, FileProblem::NotAFile)),
            Err(error) => return Err(self.fault(name, io::Error::from(error))),
        };
        let metadata = file.metadata().map_err(|error| self.fault(name, error))?;
        if !metadata.is_file() {
            return Err(self.fault(name, FileProblem::NotAFile));
        }
        examine(&metadata, 0o600).map_err(|problem| self.fault(name, problem))?;
        Ok(Some(file))
    }

    /// A new file with these bytes, on the disk when this returns. An older file of this name is removed.
    pub(super) fn create(&self, name: &str, bytes: &[u8]) -> Result<(), StoreFault> {
        self.remove(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | ANY;
        let made = openat(&self.file, name, flags, Mode::RUSR | Mode::WUSR);
        let written = made.map_err(io::Error::from).and_then(|file| {
            let mut file = File::from(file);
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|error| {
            // A full disk needs the room. If it cannot be removed either, the next write removes it.
            let _ = self.remove(name);
            self.fault(name, error)
        })
    }

    /// Gives the file `name` a second name, in the place of what has that name now.
    pub(super) fn link(&self, name: &str, second: &str) -> Result<(), StoreFault> {
        self.remove(second)?;
        linkat(&self.file, name, &self.file, second, AtFlags::empty())
            .map_err(|error| self.fault(second, io::Error::from(error)))
    }

    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), StoreFault> {
        renameat(&self.file, from, &self.file, to).map_err(|error| self.fault(to, io::Error::from(error)))
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), StoreFault> {
        match unlinkat(&self.file, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(self.fault(name, io::Error::from(error))),
        }
    }

    /// Else a power failure could bring back the file from before a rename.
    pub(super) fn sync(&self) -> Result<(), StoreFault> {
        sync(&self.file).map_err(|error| fault(&self.place.path, error))
    }

    pub(super) fn fault(&self, name: &str, problem: impl Into<FileProblem>) -> StoreFault {
        fault(&self.place.path.join(name), problem)
    }
}

/// `mode` is the mode that it should have.
fn examine(metadata: &Metadata, mode: u32) -> Result<(), FileProblem> {
    let (owner, user) = (metadata.uid(), geteuid().as_raw());
    if owner != user {
        return Err(FileProblem::OtherOwner { owner, user });
    }
    if metadata.mode() & OTHERS != 0 {
        return Err(FileProblem::TooOpen { mode });
    }
    Ok(())
}
