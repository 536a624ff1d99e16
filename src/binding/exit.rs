//! The exit of the process, which waits for rotations whose store is written by Rust.
//!
//! `process.exit()`, an uncaught exception and the end of the event loop all end in C's `exit`. No JavaScript runs any more then, and the
//! engine's thread still does. An environment's cleanup hook would not do: `process.exit()` skips it in the main thread.

#![allow(unsafe_code, reason = "the crossing")]

use std::panic::catch_unwind;
use std::sync::Once;

use super::queue::Queue;
use engine::exit;

/// Has the exit of the process wait. Windows ends all other threads first, so that there is nothing to wait for.
pub(super) fn watch() {
    static WATCHED: Once = Once::new();
    if cfg!(not(windows)) {
        WATCHED.call_once(|| {
            // SAFETY: `at_exit` does not unwind. The addon's image stays loaded: see `ThreadsafeFunction::new`.
            let _refused = unsafe { libc::atexit(at_exit) };
        });
    }
}

extern "C" fn at_exit() {
    let _panicked = catch_unwind(|| {
        if exit::is_held() {
            // A rotation that needs JavaScript learns that no reply will come: it gives its lease back and ends.
            Queue::close_all();
            exit::wait();
        }
    });
}
