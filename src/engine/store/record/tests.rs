use super::Version;

#[test]
fn version_comes_back_from_its_text() {
    for version in [Version::random(), Version::from([0; 16]), Version::from([0xff; 16])] {
        assert_eq!(version.to_text().len(), 32);
        assert_eq!(Version::from_text(&version.to_text()), Some(version));
    }
}

#[test]
fn version_comes_back_from_its_bytes() {
    let bytes = [0x3b; 16];
    assert_eq!(<[u8; 16]>::from(Version::from(bytes)), bytes);
}

#[test]
fn other_texts_are_no_versions() {
    let text = Version::from([0xab; 16]).to_text();
    for other in
        ["", "0", "+1", &text[1..], &format!("{text}0"), &text.to_uppercase(), &text.replace('a', "g")]
    {
        assert_eq!(Version::from_text(other), None, "{other}");
    }
}

#[test]
fn people_see_the_first_digits_of_a_version() {
    let version = Version::from_text("0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(format!("{version:?}"), "v01234567");
}
