//! The option `redirect`, which crosses as a number.

use engine::http::RedirectMode;

/// In the order of `REDIRECT_MODES` in `lib/crossing/native-request.js`.
const MODES: [RedirectMode; 4] =
    [RedirectMode::SameOrigin, RedirectMode::Follow, RedirectMode::Error, RedirectMode::Manual];

pub(super) fn mode(index: u32) -> Option<RedirectMode> {
    MODES.get(index as usize).copied()
}
