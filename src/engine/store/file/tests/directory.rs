//! Which directories and files are used: those of this user alone, and nothing that a link leads to.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(path: &Path) -> FileProblem {
    problem_of(open(path, false).err().expect("it is opened")).1
}

/// The calls that touch the session's files.
#[derive(Clone, Copy)]
enum Call {
    Read,
    Write,
    Lock,
}

const CALLS: [Call; 3] = [Call::Read, Call::Write, Call::Lock];

/// With the first file that each one opens, and the record once more.
const OPENS: [(&str, Call); 4] =
    [("record", Call::Read), ("record", Call::Write), ("lock", Call::Write), ("holder", Call::Lock)];

async fn call(register: &FileRegister, call: Call) -> Result<bool, StoreError> {
    match call {
        Call::Read => register.read(SESSION).await.map(|_| true),
        Call::Write => register.compare_and_set(SESSION, None, &document("next")).await,
        Call::Lock => register.lock_holder(SESSION).await.map(|_| true),
    }
}

#[tokio::test]
async fn only_this_user_may_read_what_is_made() {
    let scratch = Scratch::new();
    let store = scratch.store().join("deep/er");
    let register = open(&store, false).unwrap();
    let first = write(&register, None, "first").await;
    write(&register, Some(first.version), "second").await;
    let _held = register.lock_holder(SESSION).await.unwrap();
    for made in [&store, store.parent().unwrap(), &scratch.store()] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
    let mut seen = 0;
    for entry in fs::read_dir(&store).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert!(!path.to_str().unwrap().contains(SESSION));
        seen += 1;
    }
    assert_eq!(seen, 4, "record, bak, lock and holder");
}

#[tokio::test]
async fn nothing_is_on_the_disk_before_the_first_call() {
    let scratch = Scratch::new();
    let register = FileRegister::new(&scratch.store(), false).unwrap();
    assert!(!scratch.store().exists());
    assert_eq!(register.read(SESSION).await, Ok(None));
    assert_eq!(mode(&scratch.store()), 0o700);
}

#[tokio::test]
async fn directory_that_others_may_read_is_refused() {
    let scratch = Scratch::new();
    for bits in [0o755, 0o710, 0o701, 0o770] {
        let store = scratch.store().join(format!("{bits:o}"));
        fs::create_dir_all(&store).unwrap();
        set_mode(&store, bits);
        assert_eq!(refused(&store), FileProblem::TooOpen { mode: 0o700 });
        assert_eq!(mode(&store), bits, "nothing is changed");
    }
    let said = open(&scratch.store().join("755"), false).err().unwrap().to_string();
    assert!(said.contains("chmod 700"), "{said}");
}

#[tokio::test]
async fn directory_that_is_opened_to_others_later_is_refused() {
    let scratch = Scratch::new();
    let register = scratch.open();
    write(&register, None, "first").await;
    set_mode(register.path(), 0o750);
    for it in CALLS {
        assert_eq!(problem(call(&register, it).await), (String::new(), FileProblem::TooOpen { mode: 0o700 }));
    }
}

#[tokio::test]
async fn file_that_others_may_read_is_refused() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "first").await;
    for bits in [0o644, 0o640, 0o602, 0o611] {
        set_mode(&file(&register, "record"), bits);
        let expected = ("record".to_owned(), FileProblem::TooOpen { mode: 0o600 });
        assert_eq!(problem(register.read(SESSION).await), expected);
        let failed = register.compare_and_set(SESSION, Some(first.version), &document("next")).await;
        assert_eq!(problem(failed), expected);
    }
    set_mode(&file(&register, "record"), 0o600);
    assert_eq!(register.read(SESSION).await, Ok(Some(first.clone())), "nothing was written over it");
    // Whoever may open such a file may lock it, for ever.
    set_mode(&file(&register, "lock"), 0o644);
    let failed = register.compare_and_set(SESSION, Some(first.version), &document("next")).await;
    assert_eq!(problem(failed), ("lock".into(), FileProblem::TooOpen { mode: 0o600 }));
}

#[tokio::test]
async fn symbolic_link_to_a_directory_is_refused() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let link = scratch.0.join("link");
    symlink(register.path(), &link).unwrap();
    for path in [link.clone(), link.join(""), link.join("."), link.join("./")] {
        assert_eq!(refused(&path), FileProblem::Link, "{}", path.display());
    }
    fs::remove_file(&link).unwrap();
    symlink("nowhere", &link).unwrap();
    assert_eq!(refused(&link), FileProblem::Link);
    assert_eq!(
        open(&link.join("below"), false).err().map(|fault| problem_of(fault).1),
        Some(FileProblem::System { code: "ENOENT".into(), meaning: "it is not there" })
    );
}

#[tokio::test]
async fn symbolic_link_in_the_place_of_a_file_is_refused() {
    for (ending, it) in OPENS {
        for target in ["elsewhere", "nothing"] {
            let scratch = Scratch::new();
            let register = scratch.open();
            fs::write(scratch.0.join("elsewhere"), "of somebody").unwrap();
            symlink(scratch.0.join(target), file(&register, ending)).unwrap();
            assert_eq!(problem(call(&register, it).await), (ending.into(), FileProblem::Link));
            assert!(!scratch.0.join("nothing").exists(), "a file was made through a link");
        }
    }
}

/// Whoever can put a link there could have a record written over any file of this user.
#[tokio::test]
async fn symbolic_link_in_the_place_of_a_new_file_is_not_followed() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let elsewhere = scratch.0.join("elsewhere");
    fs::write(&elsewhere, "of somebody").unwrap();
    let first = write(&register, None, "first").await;
    for ending in ["new", "bak"] {
        symlink(&elsewhere, file(&register, ending)).unwrap();
    }
    write(&register, Some(first.version), "second").await;
    assert_eq!(fs::read(&elsewhere).unwrap(), b"of somebody");
}

#[tokio::test]
async fn all_that_is_no_regular_file_is_refused() {
    for (ending, it) in OPENS {
        let scratch = Scratch::new();
        let register = scratch.open();
        let path = file(&register, ending);
        fs::create_dir(&path).unwrap();
        set_mode(&path, 0o700);
        assert_eq!(problem(call(&register, it).await), (ending.into(), FileProblem::NotAFile));
        fs::remove_dir(&path).unwrap();
        // Nobody writes to this pipe: opened as a file, it would hold up the thread for ever.
        assert!(Command::new("mkfifo").args(["-m", "600"]).arg(&path).status().unwrap().success());
        assert_eq!(problem(call(&register, it).await), (ending.into(), FileProblem::NotAFile));
    }
    let scratch = Scratch::new();
    let path = scratch.0.join("file");
    fs::write(&path, "").unwrap();
    assert_eq!(refused(&path), FileProblem::NotADirectory);
}

#[tokio::test]
async fn files_of_another_user_are_refused() {
    let scratch = Scratch::new();
    let register = scratch.open();
    write(&register, None, "first").await;
    let user = fs::metadata(register.path()).unwrap().uid();
    if user != 0 {
        // Only root can give a file away, and this directory is root's.
        assert_eq!(refused(Path::new("/usr")), FileProblem::OtherOwner { owner: 0, user });
        return;
    }
    let expected = FileProblem::OtherOwner { owner: 4711, user };
    chown(file(&register, "record"), Some(4711), None).unwrap();
    assert_eq!(problem(register.read(SESSION).await), ("record".into(), expected.clone()));
    chown(register.path(), Some(4711), None).unwrap();
    assert_eq!(refused(register.path()), expected);
    for it in CALLS {
        assert_eq!(problem(call(&register, it).await), (String::new(), expected.clone()));
    }
}

/// A directory that comes back empty would take every session out.
#[tokio::test]
async fn directory_that_is_gone_is_not_made_again() {
    let scratch = Scratch::new();
    let register = scratch.open();
    write(&register, None, "first").await;
    fs::remove_dir_all(register.path()).unwrap();
    for it in CALLS {
        assert_eq!(problem(call(&register, it).await), (String::new(), FileProblem::Gone));
    }
    assert!(!register.path().exists());
}

#[test]
fn two_paths_of_one_store_are_one() {
    let scratch = Scratch::new();
    let register = scratch.open();
    for path in [scratch.store().join(""), scratch.0.join("./store/.")] {
        assert_eq!(open(&path, false).unwrap().path(), register.path());
    }
}
