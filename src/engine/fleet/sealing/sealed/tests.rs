//! Sealed records under the protocol itself.

use std::sync::Arc;
use std::time::Duration;

use super::Sealed;
use crate::fleet::{Fleet, MachineClock, Member, Seal, SealKey, Settings, Switches};
use crate::secret::Secret;
use crate::store::testing::MemoryRegister;
use crate::store::{Document, Register, StoreError, StoreFault, Version};
use crate::token::Tokens;

fn tokens(n: usize) -> Tokens {
    crate::token::tests::tokens(&format!("at.{n}"), Some("rt"))
}

fn key(byte: u8) -> SealKey {
    SealKey::from_bytes(&[byte; 32]).unwrap()
}

fn none() -> SealKey {
    SealKey::from_text("none").unwrap()
}

fn sealed(register: &MemoryRegister, keys: &[SealKey]) -> Sealed {
    Sealed { register: Arc::new(register.clone()), keys: Seal::new("register", keys).into() }
}

/// A process that uses the store with these keys.
fn fleet(register: &MemoryRegister, keys: &[SealKey]) -> Fleet {
    let second = Duration::from_secs(1);
    let settings = Settings {
        lease: second,
        grace: Duration::ZERO,
        refresh_deadline: second,
        max_retries: 0,
        store_deadline: second,
        owner: "test".into(),
        switches: Switches::default(),
    };
    Fleet { register: Arc::new(sealed(register, keys)), clock: Arc::new(MachineClock), settings }
}

async fn login(fleet: &Fleet, session: &str, n: usize) -> Result<(), StoreError> {
    Member::new(session.into()).login(fleet, fleet.id(), Some(tokens(n))).await.map(drop)
}

/// The access token that a process finds which knows of nothing yet.
async fn found(fleet: &Fleet, session: &str) -> Result<Option<Secret>, StoreError> {
    let state = Member::new(session.into()).look(fleet).await?;
    Ok(state.and_then(|state| Some(state.tokens?.access.clone())))
}

async fn stored(register: &MemoryRegister, session: &str) -> Document {
    register.read(session).await.unwrap().unwrap()
}

fn unknown(key: &SealKey) -> StoreError {
    StoreError::Fault(StoreFault::UnknownKey { name: format!("{key:?}") })
}

#[tokio::test]
async fn record_is_sealed_in_the_store_and_found_with_the_key() {
    let register = MemoryRegister::default();
    let fleet = fleet(&register, &[key(1)]);
    login(&fleet, "ada", 1).await.unwrap();
    assert!(stored(&register, "ada").await.text.expose().starts_with("sealed.1."));
    assert_eq!(found(&fleet, "ada").await, Ok(Some(tokens(1).access)));
}

/// Rule 2.3: the processes that have the key would lose the session.
#[tokio::test]
async fn nothing_is_written_over_a_record_with_an_unknown_key() {
    let register = MemoryRegister::default();
    login(&fleet(&register, &[key(1)]), "ada", 1).await.unwrap();
    let before = stored(&register, "ada").await;
    for keys in [vec![key(2)], vec![none()], vec![]] {
        let other = fleet(&register, &keys);
        assert_eq!(found(&other, "ada").await, Err(unknown(&key(1))));
        assert_eq!(login(&other, "ada", 2).await, Err(unknown(&key(1))));
        assert_eq!(stored(&register, "ada").await, before);
    }
}

#[tokio::test]
async fn nothing_is_written_over_a_record_that_is_not_sealed() {
    let register = MemoryRegister::default();
    login(&fleet(&register, &[]), "ada", 1).await.unwrap();
    let before = stored(&register, "ada").await;
    let sealing = fleet(&register, &[key(1)]);
    let not_sealed = StoreError::Fault(StoreFault::NotSealed);
    assert_eq!(found(&sealing, "ada").await, Err(not_sealed.clone()));
    assert_eq!(login(&sealing, "ada", 2).await, Err(not_sealed));
    assert_eq!(stored(&register, "ada").await, before);
}

#[tokio::test]
async fn record_of_another_session_is_corrupt_and_a_login_ends_that() {
    let register = MemoryRegister::default();
    let fleet = fleet(&register, &[key(1)]);
    login(&fleet, "bob", 1).await.unwrap();
    login(&fleet, "ada", 2).await.unwrap();
    let (ada, bob) = (stored(&register, "ada").await, stored(&register, "bob").await);
    let swapped = Document { text: bob.text, version: Version::random() };
    assert_eq!(register.compare_and_set("ada", Some(ada.version), &swapped).await, Ok(true));
    assert_eq!(found(&fleet, "ada").await, Err(StoreError::Corrupt { cause: None }));
    login(&fleet, "ada", 3).await.unwrap();
    assert_eq!(found(&fleet, "ada").await, Ok(Some(tokens(3).access)));
}

/// Else whoever can write to the store needs no key but a space.
#[tokio::test]
async fn plain_record_is_refused_in_every_spelling() {
    let register = MemoryRegister::default();
    login(&fleet(&register, &[]), "ada", 1).await.unwrap();
    let plain = stored(&register, "ada").await;
    for before in ["", " ", "\n", "\u{feff}", "sealed.1.", "sealed."] {
        let stored = stored(&register, "ada").await.version;
        let text = Secret::new(format!("{before}{}", plain.text.expose()));
        let next = Document { text, version: Version::random() };
        assert_eq!(register.compare_and_set("ada", Some(stored), &next).await, Ok(true));
        assert!(found(&fleet(&register, &[key(1)]), "ada").await.is_err(), "{before:?}");
    }
}

/// Two deploys to turn sealing on, two to change the key; processes of two neighbours run at the same time.
#[tokio::test]
async fn keys_are_rolled_out_while_processes_run() {
    let register = MemoryRegister::default();
    let deploys = [
        vec![],
        vec![none(), key(1)],
        vec![key(1), none()],
        vec![key(1)],
        vec![key(1), key(2)],
        vec![key(2), key(1)],
        vec![key(2)],
    ];
    let deploys: Vec<_> = deploys.iter().map(|keys| fleet(&register, keys)).collect();
    for (n, pair) in deploys.windows(2).enumerate() {
        for (older, newer) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            login(older, "ada", n).await.unwrap();
            assert_eq!(found(newer, "ada").await, Ok(Some(tokens(n).access)));
        }
    }
}

#[tokio::test]
async fn process_that_keeps_records_open_seals_those_with_a_private_key() {
    let (register, session) = (MemoryRegister::default(), "session");
    let bound = tokens(1).bound_to(crate::dpop::Key::new(Secret::new("pkcs8".into())), true);
    let first = fleet(&register, &[key(1)]);
    Member::new(session.into()).login(&first, first.id(), Some(bound)).await.unwrap();
    // The same login, rewritten by a process whose keys were never checked for grant.dpop.
    let other = fleet(&register, &[none(), key(1)]);
    let rewrite = async |fleet: &Fleet| {
        let stored = fleet.read(session).await.unwrap().unwrap();
        let draft = fleet.draft(stored.record);
        fleet.write(session, Some(stored.version), &draft).await
    };
    assert_eq!(rewrite(&other).await, Ok(true));
    assert_eq!(Seal::key_name(&stored(&register, session).await.text), Some(&*format!("{:?}", key(1))));
    assert_eq!(found(&first, session).await.unwrap(), Some(tokens(1).access));
    // A key is not needed for others.
    login(&other, "plain", 2).await.unwrap();
    assert_eq!(Seal::key_name(&stored(&register, "plain").await.text), None);
    let keyless = fleet(&register, &[none()]);
    let record = first.read(session).await.unwrap().unwrap();
    let refused = keyless.write(session, Some(record.version), &keyless.draft(record.record)).await;
    assert!(matches!(refused, Err(StoreError::Fault(StoreFault::Key { .. }))), "{refused:?}");
}

#[tokio::test]
async fn it_does_whatever_else_the_store_can_do() {
    let register = MemoryRegister::default();
    register.is_passed_on_by(&sealed(&register, &[key(1)])).await;
}
