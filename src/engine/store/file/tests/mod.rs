mod damage;
mod directory;
mod full;
mod list;
mod processes;

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::secret::Secret;
use crate::store::register::conformance::conforms;

/// A directory of one test, with all that is in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("token-rotator-{:x}", rand::random::<u128>()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Where a test has its store.
    fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    fn open(&self) -> FileRegister {
        open(&self.store(), false).unwrap()
    }
}

/// A register whose directory is there, as after the first call.
fn open(path: &Path, allow_network_fs: bool) -> Result<FileRegister, StoreFault> {
    let register = FileRegister::new(path, allow_network_fs)?;
    opened(&register.place, &register.made)?;
    Ok(register)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SESSION: &str = "a session's key";

fn document(text: &str) -> Document {
    Document { text: Secret::new(text.to_owned()), version: Version::random() }
}

async fn write(register: &FileRegister, expected: Option<Version>, text: &str) -> Document {
    let next = document(text);
    assert_eq!(register.compare_and_set(SESSION, expected, &next).await, Ok(true));
    next
}

/// The file of the session with this ending.
fn file(register: &FileRegister, ending: &str) -> PathBuf {
    let name = Names::of(SESSION).record;
    register.path().join(name).with_extension(ending)
}

/// The problem with which a call failed, and the end of the path that it names.
fn problem<T: std::fmt::Debug>(failed: Result<T, StoreError>) -> (String, FileProblem) {
    match failed {
        Err(StoreError::Fault(fault)) => problem_of(fault),
        other => panic!("{other:?} is no fault"),
    }
}

fn problem_of(fault: StoreFault) -> (String, FileProblem) {
    let said = format!("{fault} {fault:?}");
    assert!(!said.contains(SESSION), "{said}");
    let StoreFault::File { path, problem } = fault else { panic!("{fault} is of no file") };
    let end = std::path::Path::new(&path).extension().unwrap_or_default();
    (end.to_str().unwrap().to_owned(), problem)
}

const PART: &str = "TOKEN_ROTATOR_TEST_PART";
const STORE: &str = "TOKEN_ROTATOR_TEST_STORE";

/// Makes a command that begins with another program run this one, with one part of these tests.
fn child(mut command: Command, part: &str, store: &Path) -> Command {
    command.arg(env::current_exe().unwrap()).args(["--exact", "store::file::tests::part", "--nocapture"]);
    command.env(PART, part).env(STORE, store).stdout(Stdio::null());
    command
}

/// What a child process does. In this process it does nothing.
#[tokio::test]
async fn part() {
    let (Ok(part), Some(store)) = (env::var(PART), env::var_os(STORE)) else { return };
    let register = open(Path::new(&store), false).unwrap();
    match &*part {
        "increments" => processes::increments(&register).await,
        "writes" => processes::writes(&register).await,
        "holds" => processes::holds(&register).await,
        "read-only" => full::read_only(&register).await,
        code => full::full(&register, code).await,
    }
}

#[tokio::test]
async fn conforms_to_the_register() {
    let scratch = Scratch::new();
    conforms(|| Arc::new(scratch.open())).await;
}

#[tokio::test]
async fn conforms_where_network_file_systems_are_allowed() {
    let scratch = Scratch::new();
    conforms(|| Arc::new(open(&scratch.store(), true).unwrap())).await;
}

#[tokio::test]
async fn waiter_is_told_of_a_write_where_a_look_at_a_file_costs_little() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let changed = register.watch(SESSION).unwrap();
    let ((), first) = tokio::join!(changed, write(&register, None, "first"));
    let changed = register.watch(SESSION).unwrap();
    write(&register, Some(first.version), "before the first look").await;
    changed.await;
    assert!(open(&scratch.store(), true).unwrap().watch(SESSION).is_none());
    assert!(!register.needs_program());
}

/// A process that was stopped in the middle of a write has the lock for as long as it is stopped.
#[tokio::test(start_paused = true)]
async fn lock_that_is_never_freed_is_not_waited_for_without_end() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "first").await;
    let lock = fs::File::open(file(&register, "lock")).unwrap();
    lock.lock().unwrap();
    let next = document("second");
    let failed = register.compare_and_set(SESSION, Some(first.version), &next).await;
    assert_eq!(problem(failed), ("lock".into(), FileProblem::Locked));
    assert_eq!(register.read(SESSION).await, Ok(Some(first.clone())), "who reads needs no lock");
    lock.unlock().unwrap();
    assert_eq!(register.compare_and_set(SESSION, Some(first.version), &next).await, Ok(true));
}

/// Another writer has the lock for a moment when this process goes on.
#[tokio::test(start_paused = true)]
async fn time_in_which_the_process_is_stopped_is_not_waited_for_the_lock() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "first").await;
    let lock = fs::File::open(file(&register, "lock")).unwrap();
    lock.lock().unwrap();
    let next = document("second");
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        lock.unlock().unwrap();
    };
    let writes = register.compare_and_set(SESSION, Some(first.version), &next);
    let (done, ()) = tokio::join!(writes, stopped);
    assert_eq!(done, Ok(true));
}

#[tokio::test]
async fn write_before_the_last_is_kept() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let mut expected = None;
    let mut before = None;
    for text in ["first", "second", "third"] {
        let next = write(&register, expected, text).await;
        let kept = fs::read(file(&register, "bak")).ok();
        let kept = kept.map(|bytes| format::decode(&Names::of(SESSION).session, &bytes).unwrap());
        assert_eq!(kept, before);
        expected = Some(next.version);
        before = Some(next);
    }
}

/// A writer that was killed leaves its unfinished file behind.
#[tokio::test]
async fn leftovers_of_a_killed_writer_do_no_harm() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "first").await;
    fs::write(file(&register, "new"), "half a rec").unwrap();
    fs::hard_link(file(&register, "record"), file(&register, "bak")).unwrap();
    assert_eq!(register.read(SESSION).await, Ok(Some(first.clone())));
    let second = write(&register, Some(first.version), "second").await;
    assert_eq!(register.read(SESSION).await, Ok(Some(second)));
    assert!(!file(&register, "new").exists());
}
