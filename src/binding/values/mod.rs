//! The forms in which values cross. `lib/` has a file for each that reads or makes the same form.

pub(crate) mod errors;
pub(crate) mod napi_value;
pub(crate) mod native_answer;
pub(crate) mod settlement;
pub(crate) mod tokens;
