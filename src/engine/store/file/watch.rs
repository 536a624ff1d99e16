//! Notices that a record was replaced, by its inode and times.

use std::fs::{Metadata, symlink_metadata};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Half of the 20 ms in which news should arrive for those who wait for it, a second at most with one watch. A look takes a
/// microsecond.
const FIRST: Duration = Duration::from_millis(10);

/// Then a hundredth of the time that has passed. Else a thousand sessions in use would cost a hundred thousand looks a second.
const SHARE: u32 = 100;

/// Resolves when the file is another than at the call, rather than at the first poll: else what is written between the two
/// would be missed.
pub(super) fn changed(path: PathBuf) -> impl Future<Output = ()> {
    let before = seen(&path);
    async move {
        let mut waited = Duration::ZERO;
        while seen(&path) == before {
            let pause = pause(waited);
            tokio::time::sleep(pause).await;
            waited += pause;
        }
    }
}

fn pause(waited: Duration) -> Duration {
    FIRST.max(waited / SHARE)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_close_for_a_second_and_few_in_half_a_minute() {
        let (mut waited, mut looks) = (Duration::ZERO, 0);
        while waited < Duration::from_secs(30) {
            let pause = pause(waited);
            assert!(pause <= FIRST || waited > Duration::from_secs(1));
            waited += pause;
            looks += 1;
        }
        assert!((100..500).contains(&looks), "{looks}");
    }
}
