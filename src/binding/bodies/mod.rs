//! Bodies that cross in parts: those of requests and those of answers.

pub(super) mod download;
pub(super) mod upload;
