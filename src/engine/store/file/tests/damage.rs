//! Records that cannot be read: a typed error, and nothing is written over them.

use std::os::unix::fs::OpenOptionsExt;

use super::*;
use crate::error::StoreAction;

fn put(register: &FileRegister, bytes: &[u8]) {
    let mut options = fs::OpenOptions::new();
    let mut file =
        options.write(true).create(true).truncate(true).mode(0o600).open(self::file(register, "record"));
    std::io::Write::write_all(file.as_mut().unwrap(), bytes).unwrap();
}

#[tokio::test]
async fn error_of_a_damaged_record_says_what_to_do() {
    let scratch = Scratch::new();
    let register = scratch.open();
    put(&register, b"rubbish");
    let error = register.read(SESSION).await.unwrap_err().told(StoreAction::Read);
    assert_eq!((error.code(), error.retryable()), ("ERR_STORE_CORRUPT", false));
    let (path, Names { kept, .. }) = (file(&register, "record"), Names::of(SESSION));
    let said = format!(
        "the store could not be read: {} is damaged and left as it is; put {kept}, the write before it, in its place, or delete it and log in again",
        path.display()
    );
    assert_eq!(error.to_string(), said);
}

/// What a session does to this record changes nothing.
async fn is_refused(register: &FileRegister, expected: Version, bytes: &[u8]) {
    put(register, bytes);
    let mut failed = vec![register.read(SESSION).await.map(|_| true)];
    for expected in [Some(expected), None] {
        failed.push(register.compare_and_set(SESSION, expected, &document("next")).await);
    }
    for failed in failed {
        let Err(StoreError::Fault(fault)) = &failed else { panic!("{failed:?}") };
        assert!(fault.is_corrupt());
        let kept = Names::of(SESSION).kept;
        assert_eq!(problem(failed), ("record".into(), FileProblem::Damaged { kept }));
    }
    assert_eq!(fs::read(file(register, "record")).unwrap(), bytes, "a damaged record was written over");
}

#[tokio::test]
async fn record_damaged_or_cut_off_at_any_byte_is_left_as_it_is() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "{\"tokens\":\"secret\"}").await;
    let bytes = fs::read(file(&register, "record")).unwrap();
    for at in 0..bytes.len() {
        is_refused(&register, first.version, &bytes[..at]).await;
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        is_refused(&register, first.version, &changed).await;
    }
    put(&register, &bytes);
    assert_eq!(register.read(SESSION).await, Ok(Some(first)));
}

#[tokio::test]
async fn record_of_another_session_is_refused() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "mine").await;
    let other = document("another's");
    assert_eq!(register.compare_and_set("other", None, &other).await, Ok(true));
    let bytes = fs::read(register.path().join(Names::of("other").record)).unwrap();
    is_refused(&register, first.version, &bytes).await;
    assert_eq!(register.read("other").await, Ok(Some(other)));
}

/// The error tells people to do this.
#[tokio::test]
async fn kept_write_can_be_put_in_the_place_of_a_damaged_one() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let first = write(&register, None, "first").await;
    let second = write(&register, Some(first.version), "second").await;
    is_refused(&register, second.version, b"rubbish").await;
    fs::rename(file(&register, "bak"), file(&register, "record")).unwrap();
    assert_eq!(register.read(SESSION).await, Ok(Some(first.clone())));
    write(&register, Some(first.version), "third").await;
}

#[tokio::test]
async fn record_of_a_newer_release_is_left_as_it_is() {
    let scratch = Scratch::new();
    let register = scratch.open();
    let bytes = format::tests::of_a_newer_release(&Names::of(SESSION).session);
    put(&register, &bytes);
    let too_new = StoreError::Fault(StoreFault::TooNew { min: 2 });
    assert_eq!(register.read(SESSION).await, Err(too_new.clone()));
    assert_eq!(register.compare_and_set(SESSION, None, &document("next")).await, Err(too_new));
    assert_eq!(fs::read(file(&register, "record")).unwrap(), bytes);
}
