//! Ordered waiting, for requests and for sessions: in the order of arrival, and never without a bound.

pub mod arrival;
pub mod gate;
pub mod outcome;
pub mod waiting_limit;
