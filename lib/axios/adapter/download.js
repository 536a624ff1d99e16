'use strict';

// Reads an answer's body in one piece or as a Node stream, with `onDownloadProgress` and `maxContentLength`.

const { Readable } = require('node:stream');
const { Failure } = require('../failure.js');
const { Progress } = require('./progress.js');

/**
 * @typedef {object} Part  A body: `streamed` if there is that, else `whole`
 * @property {string | Buffer | null} whole
 * @property {import('../../response/streamed-body.js').StreamedBody | undefined} streamed
 * @property {number} limit  -1 for none
 * @property {((event: object) => void) | undefined} listener
 * @property {number | undefined} length  as announced
 */

/** A string if it is pure ASCII, a Buffer, or null if it is empty. @param {Part} part */
async function collect(part) {
  const { whole, streamed, limit, listener } = part;
  if (limit < 0 && listener === undefined) return streamed === undefined ? whole : streamed.collect();
  const chunks = [];
  for await (const chunk of readable(part, async (error) => error)) chunks.push(chunk);
  return streamed === undefined ? whole : Buffer.concat(chunks);
}

/** `fail(error)` makes the error that the stream ends with. @param {Part} part @param {(error: any) => Promise<Error>} fail */
function readable(part, fail) {
  const { limit, listener, length } = part;
  const reader = readerOf(part);
  const progress = listener && new Progress(listener, 'download', length);
  let loaded = 0;
  const end = async (error) => stream.destroy(await fail(error));
  const stream = new Readable({
    read: async () => {
      try {
        const chunk = await reader.next();
        loaded += chunk?.length ?? 0;
        if (chunk === null) progress?.flush();
        else progress?.add(loaded);
        if (limit > -1 && loaded > limit) throw tooLarge(limit);
        stream.push(chunk);
      } catch (error) {
        end(error);
      }
    },
    destroy: (error, callback) => {
      progress?.flush();
      reader.cancel();
      callback(error);
    },
  });
  // Without a listener an error of the stream would end the program; Node's own answers do not do that either.
  stream.on('error', () => {});
  // So that an abort ends the stream even if the program does not read it.
  reader.failed?.catch(end);
  return stream;
}

/** { next, cancel, failed }: `next` gives Buffers, then null. */
function readerOf({ whole, streamed }) {
  if (streamed === undefined) {
    const chunks = whole === null ? [] : [Buffer.from(whole, 'latin1')];
    return { next: async () => chunks.shift() ?? null, cancel: () => {} };
  }
  const reader = streamed.stream.getReader();
  return {
    next: async () => {
      const { done, value } = await reader.read();
      return done ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    },
    cancel: () => reader.cancel().catch(() => {}),
    failed: reader.closed,
  };
}

function tooLarge(limit) {
  return new Failure('ERR_BAD_RESPONSE', `maxContentLength size of ${limit} exceeded`, { sent: true });
}

module.exports = { collect, readable };
