//! Several processes with one directory: this test program starts itself again, and kills what it started.

use std::io::{BufRead, BufReader, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};
use tokio::runtime::{Builder, Runtime};

use super::*;

/// Writers that are killed in the middle of what they do.
const KILLS: usize = 30;

/// Processes that write at the same time, and the writes of each.
const PROCESSES: usize = 4;
const WRITES: usize = 100;

pub(super) async fn increments(register: &FileRegister) {
    for _ in 0..WRITES {
        increment(register).await;
    }
}

pub(super) async fn writes(register: &FileRegister) {
    let _held = register.lock_holder(SESSION).await.unwrap();
    loop {
        tell(increment(register).await);
    }
}

pub(super) async fn holds(register: &FileRegister) {
    let held = register.lock_holder(SESSION).await.unwrap();
    assert!(matches!(held, HolderLock::Taken(_)));
    // It tells the parent that it has begun, and lives as long as the pipe that it reads: longer than this process.
    let mut child = Command::new("sh");
    child.args(["-c", "echo 1 >&2; exec cat"]).stdout(Stdio::null()).status().unwrap();
}

/// To the parent process. It fails if the parent is gone, so that no child stays behind.
fn tell(number: usize) {
    std::io::stderr().write_all(format!("{number}\n").as_bytes()).unwrap();
}

/// The number, and so much behind it that a torn record would show.
fn text(number: usize) -> String {
    format!("{number} {}", number.to_string().repeat(5_000))
}

/// Panics if the record is torn.
fn number(document: Option<&Document>) -> usize {
    let Some(document) = document else { return 0 };
    let found = document.text.expose().split(' ').next().unwrap().parse().unwrap();
    assert!(document.text.expose() == text(found), "a torn record was read");
    found
}

async fn increment(register: &FileRegister) -> usize {
    loop {
        let stored = register.read(SESSION).await.unwrap();
        let next = number(stored.as_ref()) + 1;
        let expected = stored.map(|stored| stored.version);
        if register.compare_and_set(SESSION, expected, &document(&text(next))).await.unwrap() {
            return next;
        }
    }
}

/// A child process, which is ended with the test.
struct Running {
    child: Child,
    pipe: Option<ChildStdin>,
    told: BufReader<ChildStderr>,
}

impl Running {
    fn start(scratch: &Scratch, part: &str) -> Self {
        let mut command = child(Command::new("env"), part, &scratch.store());
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(child.stderr.take().unwrap());
        Self { pipe: child.stdin.take(), child, told }
    }

    /// None at the end of the process.
    fn hear(&mut self) -> Option<usize> {
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| line.trim().parse().unwrap_or_else(|_| panic!("the child said: {line}")))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it, and returns the last number that it told.
    fn kill(&mut self) -> Option<usize> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.hear()).last()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn writes_of_several_processes_are_never_lost() {
    let scratch = Scratch::new();
    let mut writers: Vec<_> = (0..PROCESSES).map(|_| Running::start(&scratch, "increments")).collect();
    for writer in &mut writers {
        assert_eq!(writer.hear(), None);
        assert!(writer.child.wait().unwrap().success());
    }
    let stored = scratch.open().read(SESSION).await.unwrap();
    assert_eq!(number(stored.as_ref()), PROCESSES * WRITES);
}

/// Reads until the test ends.
fn read_all_the_time(register: &FileRegister, ended: &AtomicBool) {
    let runtime = runtime();
    let mut last = 0;
    while !ended.load(Ordering::Relaxed) {
        let read = number(runtime.block_on(register.read(SESSION)).unwrap().as_ref());
        assert!(read >= last, "{read} was read after {last}");
        last = read;
    }
    assert!(last > KILLS, "hardly anything was read");
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Also if the test fails, because the reader is waited for.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn writer_that_is_killed_leaves_the_old_record_or_the_new_one() {
    let scratch = Scratch::new();
    let (register, other, ended) = (scratch.open(), scratch.open(), AtomicBool::new(false));
    std::thread::scope(|threads| {
        threads.spawn(|| read_all_the_time(&other, &ended));
        let _ends = Ends(&ended);
        let runtime = runtime();
        let mut stored = 0;
        for _ in 0..KILLS {
            let mut writer = Running::start(&scratch, "writes");
            let heard = (0..rand::random_range(1..20)).filter_map(|_| writer.hear()).last().unwrap();
            let holder = runtime.block_on(register.lock_holder(SESSION));
            assert!(matches!(holder, Ok(HolderLock::Busy)), "the writer lives");
            let heard = writer.kill().unwrap_or(heard);
            let holder = runtime.block_on(register.lock_holder(SESSION));
            assert!(matches!(holder, Ok(HolderLock::Taken(_))), "its lock is free at once");
            let found = number(runtime.block_on(register.read(SESSION)).unwrap().as_ref());
            assert!(found == heard || found == heard + 1, "{found} is stored, and {heard} was told");
            assert!(found > stored);
            stored = runtime.block_on(increment(&register));
            assert_eq!(stored, found + 1);
            assert!(!file(&register, "new").exists(), "what the writer left is gone");
        }
    });
}

#[tokio::test]
async fn holder_that_is_stopped_has_its_lock_and_one_that_is_dead_has_none() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let mut holder = Running::start(&scratch, "holds");
    assert_eq!(holder.hear(), Some(1));
    holder.signal(Signal::STOP);
    assert!(matches!(register.lock_holder(SESSION).await, Ok(HolderLock::Busy)), "it may go on");
    holder.child.kill().unwrap();
    holder.child.wait().unwrap();
    // `cat` lives on, because its pipe is open, and has not inherited the lock.
    assert!(matches!(register.lock_holder(SESSION).await, Ok(HolderLock::Taken(_))));
    drop(holder.pipe.take());
}
