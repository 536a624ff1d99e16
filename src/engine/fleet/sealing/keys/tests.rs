use std::pin::pin;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::*;
use crate::fleet::Sealed;
use crate::source::{Provide, SourceError};
use crate::store::testing::MemoryRegister;
use crate::store::{Document, Register, Version};

fn key(byte: u8) -> String {
    BASE64_STANDARD.encode([byte; 32])
}

struct File(PathBuf);

impl File {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("token-rotator-key-{:x}", rand::random::<u128>())))
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.0, text).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sealed(register: &MemoryRegister, sources: Vec<Source>) -> Sealed {
    Sealed { register: Arc::new(register.clone()), keys: Keys::new("store", sources, false).unwrap() }
}

/// Writes over whatever is stored.
async fn write(sealed: &Sealed, text: &str) -> Result<bool, StoreError> {
    let stored = sealed.register.read("session").await.unwrap().map(|stored| stored.version);
    let next = Document { text: Secret::new(text.into()), version: Version::random() };
    sealed.compare_and_set("session", stored, &next).await
}

async fn read(sealed: &Sealed) -> Result<String, StoreError> {
    Ok(sealed.read("session").await?.unwrap().text.expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn key_in_a_file_is_exchanged_while_two_processes_use_the_store() {
    let (register, file) = (MemoryRegister::default(), File::new());
    let process = || sealed(&register, vec![Source::file(&file.0)]);
    file.write(&key(0));
    let (one, other) = (process(), process());
    for n in 1..=100 {
        write(&one, &format!("{n}, old key")).await.unwrap();
        assert_eq!(read(&other).await.unwrap(), format!("{n}, old key"));
        // The new key seals, and both open.
        file.write(&format!("{}\n{}\n", key(n), key(n - 1)));
        assert_eq!(read(&one).await.unwrap(), format!("{n}, old key"));
        write(&process(), &format!("{n}, new key")).await.unwrap();
        // Both have read the file within the last second, and read it again for a key that they do not know.
        assert_eq!(read(&one).await.unwrap(), format!("{n}, new key"));
        assert_eq!(read(&other).await.unwrap(), format!("{n}, new key"));
        file.write(&key(n));
        tokio::time::advance(EVERY).await;
    }
}

#[tokio::test(start_paused = true)]
async fn record_is_sealed_with_the_key_of_its_file_a_second_later() {
    let (register, file) = (MemoryRegister::default(), File::new());
    file.write(&key(0));
    let process = sealed(&register, vec![Source::file(&file.0)]);
    write(&process, "old key").await.unwrap();
    file.write(&format!("{} {}", key(1), key(0)));
    tokio::time::advance(EVERY).await;
    write(&process, "new key").await.unwrap();
    assert_eq!(read(&sealed(&register, vec![key(1).into()])).await.unwrap(), "new key");
}

#[tokio::test]
async fn nothing_is_stored_without_the_key() {
    let (register, file) = (MemoryRegister::default(), File::new());
    let sealed = sealed(&register, vec![key_file(file.0.clone())]);
    let problem = |error| match error {
        StoreError::Fault(StoreFault::Key { problem }) => problem,
        other => panic!("{other:?}"),
    };
    let missing = problem(write(&sealed, "record").await.unwrap_err());
    assert!(missing.ends_with("does not exist; check the path, and that the file is mounted"), "{missing}");
    file.write("no key");
    let wrong = problem(write(&sealed, "record").await.unwrap_err());
    assert!(wrong.starts_with("the file ") && wrong.contains("must be 32 random bytes"), "{wrong}");
    assert_eq!(register.read("session").await, Ok(None));
    file.write(&key(1));
    assert_eq!(write(&sealed, "record").await, Ok(true));
    std::fs::write(&file.0, [1; 32]).unwrap();
    assert_eq!(write(&sealed, "record").await, Ok(true));
    file.write("half");
    assert_eq!(read(&sealed).await.unwrap(), "record");
}

/// Gives the keys of all calls so far.
struct Counting(AtomicUsize);

impl Provide for Counting {
    fn provide(&self) -> BoxFuture<'_, Result<Secret, SourceError>> {
        let calls = self.0.fetch_add(1, Ordering::Relaxed);
        let keys: Vec<_> = (0..=calls).map(|n| key(u8::try_from(n).unwrap())).collect();
        Box::pin(std::future::ready(Ok(Secret::new(keys.join(" ")))))
    }
}

#[tokio::test(start_paused = true)]
async fn function_is_called_again_only_for_a_key_that_is_not_known() {
    let register = MemoryRegister::default();
    let function = Arc::new(Counting(AtomicUsize::new(0)));
    let process = sealed(&register, vec![Source::callback(Arc::clone(&function) as _)]);
    let calls = || function.0.load(Ordering::Relaxed);
    for _ in 0..3 {
        write(&process, "record").await.unwrap();
        tokio::time::advance(EVERY * 60).await;
    }
    assert_eq!(calls(), 1);
    let newer = sealed(&register, vec![key(1).into(), key(0).into()]);
    write(&newer, "newer").await.unwrap();
    assert_eq!(read(&process).await.unwrap(), "newer");
    assert_eq!(calls(), 2);
    let stranger = sealed(&register, vec![key(9).into()]);
    write(&stranger, "stranger").await.unwrap();
    assert!(matches!(read(&process).await, Err(StoreError::Fault(StoreFault::UnknownKey { .. }))));
    assert_eq!(calls(), 3);
}

#[test]
fn value_that_is_no_key_is_found_at_once() {
    let wrong = Keys::new("store", vec![key(0).into(), "s3cr3t".to_owned().into()], false).err().unwrap();
    assert_eq!(wrong.at, 1);
    assert!(!wrong.problem.contains("s3cr3t"));
}

#[tokio::test]
async fn records_that_must_be_sealed_are_never_kept_open() {
    let keys = |sources| Keys::new("store", sources, true);
    let none = || Source::from("none".to_owned());
    for open in [vec![], vec![none()], vec![none(), key(0).into()], vec![format!("none {}", key(0)).into()]] {
        let refused = keys(open).err().unwrap();
        assert!(refused.problem.starts_with("must begin with a key"), "{refused:?}");
    }
    assert!(keys(vec![key(0).into(), none()]).is_ok(), "older records may be open");
    let (register, file) = (MemoryRegister::default(), File::new());
    let sealed =
        Sealed { register: Arc::new(register.clone()), keys: keys(vec![key_file(file.0.clone())]).unwrap() };
    file.write("none");
    assert!(matches!(write(&sealed, "record").await, Err(StoreError::Fault(StoreFault::Key { .. }))));
    assert_eq!(register.read("session").await, Ok(None));
}

#[tokio::test(start_paused = true)]
async fn key_that_is_known_serves_while_the_disk_of_its_file_hangs() {
    static DISK: Barrier = Barrier::new(2);
    static READS: AtomicUsize = AtomicUsize::new(0);
    let (register, file) = (MemoryRegister::default(), File::new());
    file.write(&key(1));
    let hanging = FileSource::decoded(file.0.clone(), |bytes| {
        if READS.fetch_add(1, Ordering::Relaxed) > 0 {
            DISK.wait();
        }
        utf8(bytes)
    });
    let sealed = sealed(&register, vec![Source::File(hanging)]);
    write(&sealed, "first").await.unwrap();
    tokio::time::advance(EVERY).await;
    {
        let mut writing = pin!(write(&sealed, "second"));
        assert!(writing.as_mut().now_or_never().is_none(), "a disk has a moment");
        tokio::time::advance(SOON).await;
        assert_eq!(writing.now_or_never(), Some(Ok(true)));
    }
    assert_eq!(read(&sealed).now_or_never(), Some(Ok("second".into())), "one call in a second waits");
    DISK.wait();
}

#[tokio::test]
async fn key_in_a_file_may_be_its_bytes() {
    assert_eq!((key_text(&[1; 32]).expose(), key_text(b"none").expose()), (&*key(1), "none"));
    let (register, file) = (MemoryRegister::default(), File::new());
    std::fs::write(&file.0, [1; 32]).unwrap();
    assert_eq!(write(&sealed(&register, vec![key_file(file.0.clone())]), "record").await, Ok(true));
    assert_eq!(read(&sealed(&register, vec![key(1).into()])).await, Ok("record".into()));
}
