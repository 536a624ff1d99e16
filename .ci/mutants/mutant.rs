//! Goes into the copy of the engine. `MUTANT` is the number of the mutant that is on. Into the file `REACHED` go the numbers of
//! those that a run comes by.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{LazyLock, Mutex};

static ON: LazyLock<Option<u32>> = LazyLock::new(|| std::env::var("MUTANT").ok()?.parse().ok());

static REACHED: LazyLock<Option<(File, Mutex<HashSet<u32>>)>> = LazyLock::new(|| {
    let file = OpenOptions::new().append(true).create(true).open(std::env::var_os("REACHED")?);
    Some((file.expect("a file that can be written"), Mutex::default()))
});

pub(crate) fn mutant(number: u32) -> bool {
    if let Some((file, seen)) = &*REACHED
        && seen.lock().unwrap().insert(number)
    {
        let mut file = file;
        file.write_all(format!("{number}\n").as_bytes()).unwrap();
    }
    *ON == Some(number)
}
