//! Bodies, in both directions: how they are read, sent, decoded and bounded.

pub mod decode;
pub mod download;
pub mod gzip;
pub mod incoming;
pub mod outgoing;
pub mod paced;
pub mod reader;
pub mod unsent;
