'use strict';

// The number that an answer's plain facts cross in: status | redirected << 10 | not replayable << 11 | replays << 12 |
// attempts << 14. `src/binding/settle.rs` packs it.

const statusOf = (bits) => bits & 0x3ff;
const isRedirected = (bits) => ((bits >> 10) & 1) === 1;
/** The token was rejected, and the body could not be sent again. */
const isNotReplayable = (bits) => ((bits >> 11) & 1) === 1;
const replaysOf = (bits) => (bits >> 12) & 0x3;
const attemptsOf = (bits) => bits >> 14;

module.exports = { attemptsOf, isNotReplayable, isRedirected, replaysOf, statusOf };
