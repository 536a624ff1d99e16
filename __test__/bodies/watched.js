'use strict';

// Streams of every kind that tell what becomes of them.

const { Readable } = require('node:stream');
const { ENDLESS, KIB } = require('./support.js');

const BLOCK = Buffer.alloc(64 * KIB, 1);

/**
 * { body, pulled, released }: `pulled()` is how many bytes were asked for, `released` resolves when the stream is
 * destroyed, cancelled or returned from.
 */
const WATCHED = {
  'Node stream'(size = ENDLESS) {
    let pulled = 0;
    let body;
    const released = new Promise((resolve) => {
      body = new Readable({
        read() {
          const block = next(size, pulled);
          pulled += block?.length ?? 0;
          this.push(block);
        },
        destroy(error, done) {
          resolve();
          done(error);
        },
      });
    });
    return { body, pulled: () => pulled, released };
  },

  'web stream'(size = ENDLESS) {
    let pulled = 0;
    let body;
    const released = new Promise((resolve) => {
      body = new ReadableStream(
        {
          pull(controller) {
            const block = next(size, pulled);
            pulled += block?.length ?? 0;
            if (block !== null) return controller.enqueue(block);
            controller.close();
            resolve();
          },
          cancel: () => resolve(),
        },
        { highWaterMark: 0 },
      );
    });
    return { body, pulled: () => pulled, released };
  },

  generator(size = ENDLESS) {
    let pulled = 0;
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const generate = async function* () {
      try {
        for (let block; (block = next(size, pulled)) !== null;) {
          // A turn, or it would give as much as is asked for in one.
          await new Promise(setImmediate);
          pulled += block.length;
          yield block;
        }
      } finally {
        release();
      }
    };
    return { body: generate(), pulled: () => pulled, released };
  },
};

function next(size, pulled) {
  const left = size - pulled;
  return left <= 0 ? null : left < BLOCK.length ? BLOCK.subarray(0, left) : BLOCK;
}

module.exports = { WATCHED };
