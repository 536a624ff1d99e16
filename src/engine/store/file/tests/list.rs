use super::*;
use crate::store::session_name;

fn list(scratch: &Scratch, sessions: &[&str]) -> Vec<Listed> {
    let sessions: Vec<_> = sessions.iter().map(|&session| session.to_owned()).collect();
    FileRegister::list(&scratch.store(), false, &sessions).unwrap()
}

/// Every file with its bytes, so that a lock file that was made is noticed too.
fn files(scratch: &Scratch) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = fs::read_dir(scratch.store()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

async fn put(register: &FileRegister, session: &str, text: &str) {
    assert_eq!(register.compare_and_set(session, None, &document(text)).await, Ok(true));
}

fn text(listed: &Listed) -> Option<String> {
    listed.document.as_ref().unwrap().as_ref().map(|document| document.text.expose().to_owned())
}

#[tokio::test]
async fn every_session_is_listed_by_its_name_and_nothing_is_touched() {
    let scratch = Scratch::new();
    let register = scratch.open();
    put(&register, "ada", "of ada").await;
    put(&register, "bob", "of bob").await;
    let before = files(&scratch);
    let mut listed: Vec<_> = list(&scratch, &[]).iter().map(|it| (it.name.clone(), text(it))).collect();
    listed.sort();
    let mut expected = ["ada", "bob"].map(|session| (session_name(session), Some(format!("of {session}"))));
    expected.sort();
    assert_eq!(listed, expected);
    assert_eq!(files(&scratch), before);
}

#[tokio::test]
async fn sessions_are_listed_in_the_order_in_which_they_were_named() {
    let scratch = Scratch::new();
    put(&scratch.open(), "ada", "of ada").await;
    let listed = list(&scratch, &["bob", "ada"]);
    assert_eq!(listed.iter().map(text).collect::<Vec<_>>(), [None, Some("of ada".to_owned())]);
    assert_eq!(listed[0].name, session_name("bob"));
    assert_eq!((listed[0].written_at, listed[1].written_at.is_some()), (None, true));
}

#[tokio::test]
async fn damaged_record_does_not_hide_the_others() {
    let scratch = Scratch::new();
    let register = scratch.open();
    put(&register, "ada", "of ada").await;
    put(&register, SESSION, "damaged").await;
    fs::write(file(&register, "record"), "no record").unwrap();
    let listed = list(&scratch, &["ada", SESSION]);
    assert!(listed[0].document.is_ok() && listed[1].document.is_err());
}

#[test]
fn directory_that_is_not_there_is_not_made() {
    let scratch = Scratch::new();
    let listed = FileRegister::list(&scratch.store(), false, &[]);
    assert!(matches!(listed, Err(StoreFault::File { problem: FileProblem::Gone, .. })));
    assert!(!scratch.store().exists());
}
