//! Notices that a record was replaced, by its inode and times.

use std::fs::{Metadata, symlink_metadata};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Half of the 20 ms in which news should arrive. A look takes a microsecond, and is taken only while somebody waits.
const EVERY: Duration = Duration::from_millis(10);

/// Resolves when the file is another than at the call, rather than at the first poll: else what is written between the two
/// would be missed.
pub(super) fn changed(path: PathBuf) -> impl Future<Output = ()> {
    let before = seen(&path);
    async move {
        while seen(&path) == before {
            tokio::time::sleep(EVERY).await;
        }
    }
}

#[cfg(unix)]
fn seen(path: &Path) -> Option<impl PartialEq + use<>> {
    use std::os::unix::fs::MetadataExt;
    let identity = |file: Metadata| {
        (file.ino(), file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec(), file.size())
    };
    symlink_metadata(path).ok().map(identity)
}

#[cfg(not(unix))]
fn seen(path: &Path) -> Option<impl PartialEq + use<>> {
    let identity = |file: Metadata| (file.modified().ok(), file.created().ok(), file.len());
    symlink_metadata(path).ok().map(identity)
}
