//! Waiting, of requests and in sessions: in the order of arrival, and with a limit.

pub mod arrival;
pub mod gate;
pub mod outcome;
pub mod waiting_limit;
mod waitlist;
