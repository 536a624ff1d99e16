'use strict';

// Times that the parts of the judge agree on.

/** How late the word of a commit, a stop or a spending may be. */
const SLACK_MS = 50;
/**
 * Of a lease: a process that was silent for so long may have lost it. A lease is dead after 1.25 of itself, counted from the last
 * renewal, which may be a third older than the silence.
 */
const MISSED = 0.8;

module.exports = { MISSED, SLACK_MS };
