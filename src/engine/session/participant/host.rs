//! The program that uses a session, as the session sees it.

use crate::event::Event;

pub trait Host: Send + Sync {
    /// Tells the program's hooks what happened to this session, in the order of the calls. Never waits.
    fn emit(&self, session: &str, event: Event);

    /// Keeps the program running until the value is dropped.
    fn keep_process_alive(&self) -> KeepAlive;

    /// Keeps the program's callbacks until the value is dropped, but does not keep the program running.
    fn keep_callbacks_alive(&self) -> KeepAlive;

    /// True if the program's callbacks can still be called.
    fn alive(&self) -> bool;
}

pub type KeepAlive = Box<dyn Send + Sync>;
