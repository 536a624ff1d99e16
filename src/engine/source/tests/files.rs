//! Files that change in all the ways in which files do.

use std::pin::pin;
use std::sync::Barrier;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;

#[tokio::test]
async fn change_of_any_kind_is_seen_by_the_next_read() {
    let scratch = Scratch::new();
    fs::write(scratch.path("secret"), "first\n").unwrap();
    let source = Source::file(scratch.path("secret"));
    assert_eq!(text(&source).await, "first");
    scratch.replace("secret", "second\r\n");
    assert_eq!(text(&source).await, "second");
    // In place and of the same length, so that size and inode stay, and on most disks the time.
    fs::write(scratch.path("secret"), "thrice\r\n").unwrap();
    assert_eq!(text(&source).await, "thrice");
    fs::write(scratch.path("secret"), "\u{feff}spaces within are its own \n\n").unwrap();
    assert_eq!(text(&source).await, "spaces within are its own");
}

/// Kubernetes: `secret` leads to `..data/secret`, and `..data` to a directory that is made anew.
#[cfg(unix)]
#[tokio::test]
async fn swapped_symlink_is_followed() {
    use std::os::unix::fs::symlink;

    let scratch = Scratch::new();
    let mount = |version: &str| {
        fs::create_dir(scratch.path(version)).unwrap();
        fs::write(scratch.path(version).join("secret"), version).unwrap();
        symlink(version, scratch.path("..data_tmp")).unwrap();
        fs::rename(scratch.path("..data_tmp"), scratch.path("..data")).unwrap();
    };
    mount("..1");
    symlink("..data/secret", scratch.path("secret")).unwrap();
    let source = Source::file(scratch.path("secret"));
    assert_eq!(text(&source).await, "..1");
    mount("..2");
    fs::remove_dir_all(scratch.path("..1")).unwrap();
    assert_eq!(text(&source).await, "..2");
}

#[tokio::test]
async fn file_that_is_missing_or_empty_for_a_moment_serves_on() {
    let scratch = Scratch::new();
    let path = scratch.path("secret");
    fs::write(&path, "first").unwrap();
    let source = Source::file(&path);
    assert_eq!(text(&source).await, "first");
    fs::write(&path, "").unwrap();
    assert_eq!(text(&source).await, "first");
    fs::remove_file(&path).unwrap();
    assert_eq!(text(&source).await, "first");
    // A clone is the same file, with the same memory.
    assert_eq!(text(&source.clone()).await, "first");
    fs::write(&path, "second").unwrap();
    assert_eq!(text(&source).await, "second");
}

#[tokio::test]
async fn first_use_of_a_file_that_cannot_be_read_says_why() {
    let scratch = Scratch::new();
    let path = scratch.path("secret");
    let source = Source::file(&path);
    let says = |problem: &str| format!("the file {} {problem}", path.display());
    assert_eq!(problem(&source).await, says("does not exist; check the path, and that the file is mounted"));
    fs::write(&path, "\r\n").unwrap();
    assert_eq!(problem(&source).await, says("is empty; write the secret to it"));
    fs::write(&path, [b's', 0xff]).unwrap();
    assert_eq!(problem(&source).await, says("is not UTF-8 text; keys and certificates are PEM"));
    fs::write(&path, vec![b's'; 4 * 1024 * 1024 + 1]).unwrap();
    assert_eq!(problem(&source).await, says("is larger than 4 MiB; check the path"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(problem(&source).await, says("is no regular file; give the path of one"));
}

/// Opening it would wait for a writer for ever.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn pipe_is_refused() {
    let scratch = Scratch::new();
    let path = scratch.path("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert!(problem(&Source::file(&path)).await.ends_with("is no regular file; give the path of one"));
}

#[tokio::test]
async fn reader_never_gets_anything_but_a_whole_secret_while_files_are_exchanged() {
    let scratch = Scratch::new();
    let secret = |n: u32| vec![format!("secret {n}"); 2000].join(" ");
    scratch.replace("secret", secret(0));
    let source = Source::file(scratch.path("secret"));
    // Before the first exchange, because the text of an earlier read serves while the file is away.
    assert!(text(&source).await == secret(0));
    let folder = scratch.0.clone();
    let writer = std::thread::spawn(move || {
        for n in 1..=100 {
            write_anew(&folder, &secret(n));
        }
    });
    let mut seen = 0;
    while !writer.is_finished() || seen < 100 {
        let text = text(&source).await;
        let n = text.split(' ').nth(1).unwrap().parse().unwrap();
        assert!(text == secret(n), "a part of secret {n}");
        assert!(n >= seen, "{n} was read after {seen}");
        seen = n;
    }
    writer.join().unwrap();
}

/// The file is away between the two steps.
fn write_anew(folder: &Path, text: &str) {
    fs::write(folder.join("new"), text).unwrap();
    fs::remove_file(folder.join("secret")).unwrap();
    fs::rename(folder.join("new"), folder.join("secret")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn file_on_a_disk_that_hangs_is_given_up() {
    static DISK: Barrier = Barrier::new(2);
    let scratch = Scratch::new();
    fs::write(scratch.path("secret"), "secret").unwrap();
    let source = Source::File(FileSource::decoded(scratch.path("secret"), |bytes| {
        DISK.wait();
        utf8(bytes)
    }));
    let mut reading = pin!(problem(&source));
    assert!(reading.as_mut().now_or_never().is_none());
    tokio::time::advance(Duration::from_secs(11)).await;
    let given_up = reading.now_or_never();
    DISK.wait();
    assert!(given_up.unwrap().ends_with("was not read within 10 s; check the disk that it is on"));
}
