//! What is wrong with a file or directory of the file store.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};

/// Each text goes on after the path of the file or directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// `mode` is the mode that it must have.
    #[error(
        "is open to other users; run `chmod {mode:o}` on it, and log in again if others may have read what is in it"
    )]
    TooOpen { mode: u32 },
    #[error(
        "belongs to user {owner}, and this process runs as user {user}; run `chown {user}` on it, or set another `path`"
    )]
    OtherOwner { owner: u32, user: u32 },
    #[error("is a symbolic link, which is not followed; put what it leads to in its place")]
    Link,
    #[error("is no directory; set `path` to a directory")]
    NotADirectory,
    #[error("is no regular file; move it away")]
    NotAFile,
    #[error(
        "is on a network file system ({kind}), whose locks cannot be relied on; set `path` to a local directory, or use a store for several machines, or set `allowNetworkFs` if the locks are known to work"
    )]
    Network { kind: &'static str },
    #[error("is gone; make the directory again with mode 700, or start this process again")]
    Gone,
    #[error(
        "has been locked by another process for too long; continue or end the process that is stopped, or see why its disk hangs"
    )]
    Locked,
    /// `kept` is the file with the write before it.
    #[error(
        "is damaged and left as it is; put {kept}, the write before it, in its place, or delete it and log in again"
    )]
    Damaged { kept: String },
    #[error("cannot be used: {code}, {meaning}")]
    System { code: Cow<'static, str>, meaning: &'static str },
}

impl From<Error> for FileProblem {
    fn from(error: Error) -> Self {
        let (code, meaning) = match (error.kind(), error.raw_os_error()) {
            (ErrorKind::StorageFull, _) => ("ENOSPC", "the disk is full; make room on it"),
            (ErrorKind::QuotaExceeded, _) => ("EDQUOT", "the disk quota of this user is used up; make room"),
            (ErrorKind::FileTooLarge, _) => {
                ("EFBIG", "a file may not be so large (`ulimit -f`); raise the limit")
            }
            (ErrorKind::ReadOnlyFilesystem, _) => {
                ("EROFS", "the file system is read-only; mount it for writing")
            }
            (ErrorKind::PermissionDenied, _) => {
                ("EACCES", "the system does not permit it; check the owner, and the directories above")
            }
            (ErrorKind::NotFound, _) => ("ENOENT", "it is not there"),
            (ErrorKind::StaleNetworkFileHandle, _) => ("ESTALE", "the network file system has lost it"),
            (_, Some(5)) => ("EIO", "the disk fails; see the log of the system"),
            (_, Some(23)) => ("ENFILE", "the system has too many files open"),
            (_, Some(24)) => ("EMFILE", "this process has too many files open (`ulimit -n`)"),
            (_, number) => {
                let code =
                    number.map_or_else(|| "an error".into(), |number| format!("system error {number}"));
                return Self::System { code: code.into(), meaning: "which the system does not explain" };
            }
        };
        Self::System { code: code.into(), meaning }
    }
}
