//! The records of a directory, for `token-rotator inspect`. It locks, writes and makes nothing.

use std::fs::{read_dir, symlink_metadata};

use super::directory::Directory;
use super::place::{Names, Place, fault};
use super::swap;
use crate::clock;
use crate::store::{Listed, StoreError, StoreFault, session_name};

const RECORD: &str = ".record";

/// The records of these sessions, or of all if `sessions` is empty.
pub(super) fn list(place: &Place, sessions: &[String]) -> Result<Vec<Listed>, StoreFault> {
    let directory = Directory::open(place)?;
    let mut names: Vec<_> = sessions.iter().map(|session| session_name(session)).collect();
    if sessions.is_empty() {
        let entries = read_dir(&place.path).map_err(|error| fault(&place.path, error))?;
        let files = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.extend(files.filter_map(|file| Some(file.strip_suffix(RECORD)?.to_owned())));
        names.sort();
    }
    let listed = names.into_iter().map(|name| {
        let names = Names::named(name);
        let written = symlink_metadata(place.path.join(&names.record)).and_then(|file| file.modified());
        Listed {
            written_at: written.ok().map(clock::ms_of),
            document: swap::read(&directory, &names).map_err(StoreError::Fault),
            name: names.session,
        }
    });
    Ok(listed.collect())
}
