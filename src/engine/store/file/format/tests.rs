use super::*;

fn document() -> Document {
    Document { text: Secret::new("{\"tokens\":\"☃\"}\nmore\n".into()), version: Version::from([0x3b; 16]) }
}

#[test]
fn document_comes_back() {
    for text in ["", "\n", "x", "{\"tokens\":\"☃\"}\nmore\n"] {
        let document = Document { text: Secret::new(text.into()), ..document() };
        assert_eq!(decode("name", &encode("name", &document)), Ok(document));
    }
}

/// Published: every release must read what an older one wrote.
#[test]
fn format_stays() {
    let line = concat!(
        "token-rotator 1 3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b3b ",
        "d0030c564f7a436a766e411904bc8ea772086198b009599def5ab6a3aa323fd0\n"
    );
    let bytes = encode("name", &document());
    assert_eq!(str::from_utf8(&bytes).unwrap().strip_prefix(line), Some(document().text.expose()));
}

#[test]
fn every_shorter_file_is_damaged() {
    let bytes = encode("name", &document());
    for end in 0..bytes.len() {
        assert_eq!(decode("name", &bytes[..end]), Err(Unreadable::Damaged), "cut off at {end}");
    }
}

#[test]
fn every_changed_bit_is_damage() {
    let bytes = encode("name", &document());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1 << bit;
            assert_eq!(decode("name", &changed), Err(Unreadable::Damaged), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn every_byte_too_many_is_damage() {
    let bytes = encode("name", &document());
    for at in 0..=bytes.len() {
        for byte in [0, b'\n', b' ', b'0'] {
            let mut longer = bytes.to_vec();
            longer.insert(at, byte);
            assert_eq!(decode("name", &longer), Err(Unreadable::Damaged), "byte {at}");
        }
    }
}

#[test]
fn file_of_another_session_is_damage() {
    assert_eq!(decode("other", &encode("name", &document())), Err(Unreadable::Damaged));
}

/// A file whose line has the same shape, and whose version and text mean nothing to this release.
pub(in crate::store::file) fn of_a_newer_release(name: &str) -> Vec<u8> {
    let head = "token-rotator 2 any thing that it likes";
    format!("{head} {}\ntext", checksum(name, head, b"text")).into_bytes()
}

#[test]
fn file_of_a_newer_release_is_not_taken_for_damage() {
    let mut bytes = of_a_newer_release("name");
    assert_eq!(decode("name", &bytes), Err(Unreadable::TooNew(2)));
    *bytes.last_mut().unwrap() = b'T';
    assert_eq!(decode("name", &bytes), Err(Unreadable::Damaged));
}
