'use strict';

// The channels of `node:diagnostics_channel` on which this package tells what it does. docs/tracing.md has the messages.
// No message holds a token, a header, a body or a query.

const { channel, tracingChannel } = require('node:diagnostics_channel');
const { sinceStart } = require('../clock.js');

const requests = tracingChannel('token-rotator:request');
/** A request is one try, and one more each time that it is sent again. */
const tries = tracingChannel('token-rotator:try');
const rotations = tracingChannel('token-rotator:rotation');
const sessions = channel('token-rotator:session');

const KEY = Symbol.for('token-rotator.tracing');
/** @type {any} */
const realm = globalThis;
// `surroundings`: from the message of a rotation or a try to how a tracer runs the program's callbacks.
realm[KEY] ??= { clients: 0, requests: 0, rotations: 0, surroundings: new WeakMap() };

/** @typedef {<T>(work: () => T) => T} Run */

/**
 * Of the whole thread, because all copies of this package tell of their work on the same channels: those of two versions, and the copies
 * of single files that jest's `resetModules` makes. With a count for each copy two requests would have one `id`.
 * @type {{ clients: number, requests: number, rotations: number, surroundings: WeakMap<object, Run> }}
 */
const thread = realm[KEY];

/** Every request asks this, so that it must cost nanoseconds. */
function isTraced() {
  return requests.hasSubscribers || tries.hasSubscribers;
}

/**
 * Tells the end of a message's work, in the order in which `tracePromise` of Node does.
 * @param {typeof requests} channels @param {{ errorCode?: string | undefined, startedAt: number, duration?: number }} message
 */
function tellEnd(channels, message) {
  message.duration = sinceStart() - message.startedAt;
  if (message.errorCode !== undefined) channels.error.publish(message);
  channels.asyncStart.publish(message);
  channels.asyncEnd.publish(message);
}

/** @param {typeof requests} channels @param {object} message */
function tellStart(channels, message) {
  channels.start.publish(message);
  channels.end.publish(message);
}

/**
 * Tells the start of a rotation or a try. Returns how its callbacks are run, with the AsyncLocalStorages that are bound to the channel
 * and in the surroundings that a subscriber has set; undefined if nobody listens.
 * @param {typeof requests} channels @param {object} message @returns {Run | undefined}
 */
function tellWhole(channels, message) {
  if (!channels.start.hasSubscribers) return void tellStart(channels, message);
  // Loaded here, because most programs never need it.
  const { AsyncLocalStorage } = require('node:async_hooks');
  const enter = channels.start.runStores(message, () => {
    channels.end.publish(message);
    return AsyncLocalStorage.snapshot();
  });
  const surround = thread.surroundings.get(message);
  return surround === undefined ? enter : (work) => enter(() => surround(work));
}

module.exports = {
  ...{ isTraced, requests, rotations, sessions, tellEnd, tellStart, tellWhole, thread, tries },
};
