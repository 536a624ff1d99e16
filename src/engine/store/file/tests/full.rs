//! Disks that take nothing more: the fault names the code, and nothing is lost or half written.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use rustix::process::geteuid;

use super::*;

/// Larger than the room that the tests leave.
const LARGE: usize = 100_000;

fn system_error(ending: &str, failed: Result<bool, StoreError>) -> String {
    let (of, problem) = problem(failed);
    assert_eq!(of, ending);
    let FileProblem::System { code, .. } = problem else { panic!("{problem}") };
    code.into_owned()
}

/// Tells whether this user may mount in a namespace of its own. Not so in some containers.
fn may_mount() -> bool {
    Command::new("unshare").args(["-Urm", "true"]).output().is_ok_and(|output| output.status.success())
}

/// Runs a part of this file in a child process, on a file system of 64 KiB.
fn on_a_small_disk(scratch: &Scratch, part: &str) {
    let script = "mount -t tmpfs -o size=64k,mode=700 tmpfs \"$1\" && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script, "sh"]).arg(scratch.store());
    fs::create_dir(scratch.store()).unwrap();
    assert!(child(command, part, &scratch.store()).status().unwrap().success(), "{part} failed");
}

/// Runs a part of this file in a child process that may write 32 or 64 KiB to a file. The shells count in blocks of their own.
fn with_small_files(scratch: &Scratch, part: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$@\"", "sh"]);
    assert!(child(command, part, &scratch.store()).status().unwrap().success(), "{part} failed");
}

#[test]
fn file_that_grows_too_large_is_given_up() {
    with_small_files(&Scratch::new(), "EFBIG");
}

#[test]
fn full_disk_loses_nothing() {
    let scratch = Scratch::new();
    if may_mount() {
        on_a_small_disk(&scratch, "ENOSPC");
    } else {
        with_small_files(&scratch, "EFBIG");
    }
}

#[test]
fn read_only_disk_is_read() {
    let scratch = Scratch::new();
    if may_mount() {
        on_a_small_disk(&scratch, "read-only");
    } else {
        with_small_files(&scratch, "read-only");
    }
}

pub(super) async fn full(register: &FileRegister, code: &str) {
    let first = write(register, None, "first").await;
    for expected in [Some(first.version), Some(first.version)] {
        let large = document(&"x".repeat(LARGE));
        let failed = register.compare_and_set(SESSION, expected, &large).await;
        assert_eq!(system_error("new", failed), code);
        assert_eq!(register.read(SESSION).await, Ok(Some(first.clone())));
        assert!(!file(register, "new").exists(), "half a record takes the room of others");
    }
    write(register, Some(first.version), "there is room for a small one").await;
}

pub(super) async fn read_only(register: &FileRegister) {
    let first = write(register, None, "first").await;
    let mut mount = Command::new("mount");
    let mounted = mount.args(["-o", "remount,ro"]).arg(register.path()).output();
    let (code, ending) = if mounted.is_ok_and(|output| output.status.success()) {
        ("EROFS", "lock")
    } else if geteuid().is_root() {
        // Root may write everywhere else.
        return;
    } else {
        fs::set_permissions(register.path(), fs::Permissions::from_mode(0o500)).unwrap();
        ("EACCES", "new")
    };
    let failed = register.compare_and_set("another", None, &document("second")).await;
    assert_eq!(system_error("lock", failed), code);
    let failed = register.compare_and_set(SESSION, Some(first.version), &document("second")).await;
    assert_eq!(system_error(ending, failed), code);
    assert_eq!(register.read(SESSION).await, Ok(Some(first)));
}
