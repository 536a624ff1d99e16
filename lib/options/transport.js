'use strict';

// Reads the option `transport`: a `fetch` or an undici dispatcher that the client's requests go through, so that the mocks of
// a test see them.

const { own, readGroup } = require('./check.js');
const { invalidOption, rejectOption } = require('../errors.js');
const { overDispatcher, overFetch } = require('../transport.js');

/** @returns {import('../transport.js').Transport} */
function readOwnTransport(value) {
  const { fetch, dispatcher } = readGroup(value, 'transport', ['fetch', 'dispatcher']);
  if ((fetch === undefined) === (dispatcher === undefined)) {
    throw rejectOption('transport must have either fetch or dispatcher');
  }
  if (dispatcher !== undefined) {
    if (typeof own(dispatcher, 'request') !== 'function') {
      throw invalidOption('transport.dispatcher', 'a Dispatcher of undici');
    }
    return overDispatcher(dispatcher);
  }
  // Mocks replace the global fetch. The one that was there before would leave the mocked network without a word.
  if (fetch === 'global' || fetch === globalThis.fetch) return overFetch(() => globalThis.fetch);
  if (typeof fetch !== 'function') throw invalidOption('transport.fetch', "a function, or 'global'");
  return overFetch(() => fetch);
}

module.exports = { readOwnTransport };
