use proptest::prelude::*;

use super::{BadKey, Seal, SealKey};
use crate::secret::Secret;
use crate::store::{StoreError, StoreFault};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const STORE: &str = "file:/var/lib/app";
const RECORD: &str = r#"{"v":1}"#;
/// [`RECORD`] of the session `ada`, sealed by Python's `cryptography` (`AESGCMSIV`).
const SEALED: &str = "sealed.1.630dcd2966c43366.AAECAwQFBgcICQoLY_jjex3jrdXZ95Pt1xjEFyXDvfj97UM";
const CORRUPT: StoreError = StoreError::Corrupt { cause: None };

fn key(byte: u8) -> SealKey {
    SealKey::from_bytes(&[byte; 32]).unwrap()
}

fn none() -> SealKey {
    SealKey::from_text("none").unwrap()
}

fn seal(keys: &[SealKey]) -> Seal {
    Seal::new(STORE, keys)
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn open(seal: &Seal, text: &str) -> Result<String, StoreError> {
    seal.open("ada", &secret(text)).map(|record| record.expose().to_owned())
}

fn sealed(seal: &Seal, record: &str) -> String {
    seal.seal("ada", &secret(record)).unwrap().expose().to_owned()
}

fn unknown(name: &str) -> Result<String, StoreError> {
    Err(StoreError::Fault(StoreFault::UnknownKey { name: name.to_owned() }))
}

#[test]
fn record_of_another_implementation_opens() {
    let seal = seal(&[SealKey::from_text(KEY).unwrap()]);
    assert_eq!(open(&seal, SEALED), Ok(RECORD.to_owned()));
}

#[test]
fn sealed_text_names_its_key_and_shows_nothing_else() {
    let seal = seal(&[SealKey::from_text(KEY).unwrap()]);
    let (one, two) = (sealed(&seal, RECORD), sealed(&seal, RECORD));
    let head = "sealed.1.630dcd2966c43366.";
    assert!(one.starts_with(head) && two.starts_with(head), "{one} {two}");
    assert_ne!(one, two, "equal records must not show that they are equal");
}

#[test]
fn text_with_one_changed_bit_does_not_open() {
    // With 'none' as well, so that no text is refused for not being sealed alone.
    for keys in [vec![key(1)], vec![key(1), none()]] {
        let seal = seal(&keys);
        let text = sealed(&seal, RECORD);
        for at in 0..text.len() {
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                let opened = open(&seal, &changed);
                // A text that is no envelope is left to the reader of plain records.
                assert!(opened.is_err() || opened == Ok(changed), "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn text_that_was_cut_or_continued_does_not_open() {
    let seal = seal(&[key(1)]);
    let text = sealed(&seal, RECORD);
    for end in 0..text.len() {
        assert!(open(&seal, &text[..end]).is_err(), "cut at {end}");
    }
    for more in ["A", "AA", "AAAA", "=", ".", "\n"] {
        assert_eq!(open(&seal, &format!("{text}{more}")), Err(CORRUPT));
    }
}

/// Else whoever can write to the store gives one user another user's tokens.
#[test]
fn record_of_another_session_or_store_does_not_open() {
    let text = Secret::new(sealed(&seal(&[key(1)]), RECORD));
    assert_eq!(seal(&[key(1)]).open("bob", &text), Err(CORRUPT));
    assert_eq!(Seal::new("file:/var/lib/other", &[key(1)]).open("ada", &text), Err(CORRUPT));
}

#[test]
fn record_under_another_known_key_name_does_not_open() {
    let keys = [key(1), key(2)];
    let text = sealed(&seal(&keys), RECORD);
    let (one, two) = (format!("{:?}", keys[0]), format!("{:?}", keys[1]));
    assert_eq!(open(&seal(&keys), &text.replace(&one, &two)), Err(CORRUPT));
}

#[test]
fn key_is_changed_in_two_deploys_while_old_and_new_processes_run() {
    let (old, new) = (key(1), key(2));
    let deploys = [
        seal(std::slice::from_ref(&old)),
        seal(&[old.clone(), new.clone()]),
        seal(&[new.clone(), old]),
        seal(&[new]),
    ];
    each_reads_its_neighbours(&deploys);
    let name = format!("{:?}", key(2));
    assert_eq!(open(&deploys[0], &sealed(&deploys[2], RECORD)), unknown(&name), "a deploy was left out");
}

#[test]
fn sealing_is_turned_on_in_two_deploys_while_old_and_new_processes_run() {
    let deploys = [seal(&[]), seal(&[none(), key(1)]), seal(&[key(1), none()]), seal(&[key(1)])];
    each_reads_its_neighbours(&deploys);
    assert_eq!(sealed(&deploys[1], RECORD), RECORD);
    // Else whoever can write to the store would simply leave the seal away.
    assert_eq!(open(&deploys[3], RECORD), Err(StoreError::Fault(StoreFault::NotSealed)));
    assert_eq!(open(&deploys[0], &sealed(&deploys[2], RECORD)), unknown(&format!("{:?}", key(1))));
}

fn each_reads_its_neighbours(deploys: &[Seal]) {
    for pair in deploys.windows(2) {
        for (writer, reader) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            assert_eq!(open(reader, &sealed(writer, RECORD)), Ok(RECORD.to_owned()), "{writer:?} {reader:?}");
        }
    }
}

#[test]
fn newer_format_is_told_from_corruption() {
    let seal = seal(&[key(1)]);
    let text = sealed(&seal, RECORD);
    let newer = text.replace("sealed.1.", "sealed.2.");
    assert_eq!(open(&seal, &newer), Err(StoreError::Fault(StoreFault::TooNew { min: 2 })));
    for format in ["0", "", "+1", "01", "x"] {
        let text = text.replace("sealed.1.", &format!("sealed.{format}."));
        assert_eq!(open(&seal, &text), Err(CORRUPT), "{format}");
    }
}

/// The name of an unknown key is shown in an error, so that it must not be any text that stands in the store.
#[test]
fn text_that_is_no_key_name_is_corrupt() {
    let seal = seal(&[key(1)]);
    for name in ["", "630dcd2966c4336", "630dcd2966c43366a", "rt.AAAAAAAAAAAAA", "630dcd2966c4336\n"] {
        assert_eq!(open(&seal, &format!("sealed.1.{name}.AAAA")), Err(CORRUPT), "{name}");
    }
    assert_eq!(open(&seal, "no record"), Err(CORRUPT));
    assert_eq!(open(&seal, ""), Err(CORRUPT));
}

#[test]
fn key_is_32_bytes_or_base64_of_them() {
    let named = |key: Result<SealKey, BadKey>| key.map(|key| format!("{key:?}"));
    let name = || Ok("630dcd2966c43366".to_owned());
    let bytes: Vec<u8> = (0..32).collect();
    assert_eq!(named(SealKey::from_bytes(&bytes)), name());
    assert_eq!(named(SealKey::from_bytes(KEY.as_bytes())), name());
    for text in [KEY, KEY.trim_end_matches('='), &format!(" {KEY}\r\n")] {
        assert_eq!(named(SealKey::from_text(text)), name());
    }
    let of_both_alphabets = [0xfb; 32];
    let standard = "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=";
    for text in [standard, &standard.replace('+', "-").replace('/', "_")] {
        assert_eq!(named(SealKey::from_text(text)), named(SealKey::from_bytes(&of_both_alphabets)));
    }
}

#[test]
fn text_that_is_no_key_is_refused() {
    let long = KEY.repeat(3);
    // The last is 32 characters, a password rather than a key.
    for text in ["", "no", &KEY[1..], &KEY[4..], &long, "0123456789abcdef0123456789abcdef"] {
        assert_eq!(SealKey::from_text(text).err(), Some(BadKey), "{text}");
    }
    for bytes in [&[7; 31][..], &[7; 33], &[0xff; 40]] {
        assert_eq!(SealKey::from_bytes(bytes).err(), Some(BadKey));
    }
}

#[test]
fn no_key_is_printed() {
    let text =
        format!("{:?} {:?}", SealKey::from_text(KEY), seal(&[SealKey::from_text(KEY).unwrap(), none()]));
    assert_eq!(text, "Ok(630dcd2966c43366) Seal(file:/var/lib/app [630dcd2966c43366, none])");
}

proptest! {
    #[test]
    fn what_is_sealed_opens(record in any::<String>(), session in any::<String>(), store in any::<String>(), byte: u8) {
        let seal = Seal::new(&store, &[key(byte)]);
        let text = seal.seal(&session, &secret(&record)).unwrap();
        prop_assert!(record.len() < 8 || !text.expose().contains(&record));
        prop_assert_eq!(seal.open(&session, &text), Ok(secret(&record)));
    }

    #[test]
    fn any_other_session_store_or_key_does_not_open_it(
        sessions: (String, String), stores: (String, String), bytes: (u8, u8),
    ) {
        prop_assume!(sessions.0 != sessions.1 || stores.0 != stores.1);
        let text = Seal::new(&stores.0, &[key(1)]).seal(&sessions.0, &secret(RECORD)).unwrap();
        prop_assert_eq!(Seal::new(&stores.1, &[key(1)]).open(&sessions.1, &text), Err(CORRUPT));
        prop_assume!(bytes.0 != bytes.1);
        let text = Seal::new(&stores.0, &[key(bytes.0)]).seal(&sessions.0, &secret(RECORD)).unwrap();
        prop_assert!(Seal::new(&stores.0, &[key(bytes.1)]).open(&sessions.0, &text).is_err());
    }

    #[test]
    fn any_text_is_an_error_or_itself(text in "(sealed\\.)?([0-9a-f.]{0,20}|.{0,40})") {
        prop_assert!(open(&seal(&[key(1)]), &text).is_err());
        let opened = open(&seal(&[key(1), none()]), &text);
        prop_assert!(opened.is_err() || opened == Ok(text));
    }
}

#[test]
fn people_see_the_names_of_keys_and_no_key() {
    let keys = seal(&[SealKey::from_text(KEY).unwrap(), none()]);
    assert_eq!(format!("{keys:?}"), format!("Seal({STORE} [630dcd2966c43366, none])"));
}
