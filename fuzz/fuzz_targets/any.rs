//! libFuzzer on the target that `FUZZ_TARGET` names. One program serves all, because building one takes minutes.

#![no_main]

use std::sync::LazyLock;

use engine::fuzzing::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let chosen = TARGETS.iter().find(|(known, _)| *known == name);
    chosen.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name}")).1
});

fuzz_target!(|bytes: &[u8]| CHOSEN(bytes));
