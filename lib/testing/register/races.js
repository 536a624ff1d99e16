'use strict';

// Duties of calls that run at the same moment.

// Not the global: a test environment may fake it.
const { setImmediate: turn } = require('node:timers/promises');
const { demand, newDocument, newSession } = require('./probe.js');

/** Callers that try to write at the same moment, half of them by either store. */
const WRITERS = 8;
const ROUNDS = 10;
/** Callers that count up one record, and how often. */
const COUNTERS = 4;
const UPDATES = 10;
const SESSIONS = 16;
/** Each conflict is the success of another writer, which has no more than so many; ten times that, for conflicts without a cause. */
const TRIES = 10 * COUNTERS * UPDATES;

const many = (count, make) => Promise.all(Array.from({ length: count }, (_nothing, i) => make(i)));

const races = {
  'one of many writers wins': async (store, other) => {
    const stores = [store, other];
    const session = newSession();
    let stored = null;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writes = await many(WRITERS, (i) => stores[i % stores.length].write(session, stored));
      const won = writes.filter((next) => next !== null);
      demand(
        won.length === 1,
        `of ${WRITERS} writers over the same version, compareAndSet told ${won.length} that they had written: ` +
          'compare and write in one step',
      );
      stored = won[0];
      for (const one of stores) await one.mustRead(session, stored, 'after writers at the same moment');
    }
  },

  'no update is lost': async (store, other) => {
    const stores = [store, other];
    const session = newSession();
    await many(COUNTERS, async (i) => {
      for (let update = 0; update < UPDATES; update += 1) await increment(stores[i % stores.length], session);
    });
    const { record } = await store.read(session);
    demand(
      Number(record) === COUNTERS * UPDATES,
      `${COUNTERS * UPDATES} updates were reported as done, and ${COUNTERS * UPDATES - record} of them are gone: ` +
        'compare and write in one step',
    );
  },

  'record and version are of the same write': async (store, other) => {
    const session = newSession();
    let [writing, reads] = [true, 0];
    const writer = async () => {
      let stored = null;
      // At least as many reads as writes, however slow they are.
      for (let n = 0; n < ROUNDS || reads < ROUNDS; n += 1) {
        const { version } = newDocument();
        stored = await store.mustWrite(session, stored, { version, record: `of ${version}` });
        // Without it, a store that is no more than memory would keep the readers from their turn.
        await turn();
      }
      writing = false;
    };
    const reader = async () => {
      while (writing) {
        const found = await other.read(session);
        demand(
          found === null || found.record === `of ${found.version}`,
          'read gave the record of one write with the version of another: write and read both in one step',
        );
        reads += 1;
        await turn();
      }
    };
    const failed = (error) => {
      [writing, reads] = [false, ROUNDS];
      throw error;
    };
    await Promise.all([writer().catch(failed), reader().catch(failed), reader().catch(failed)]);
  },

  'calls for other sessions at the same moment do not matter': async (store) => {
    await many(SESSIONS, async (i) => {
      const session = newSession(`${i} of ${SESSIONS}`);
      const first = await store.mustWrite(session, null);
      const [, second] = await Promise.all([
        store.mustRead(`${session} that is not there`, null, 'a session that was never written'),
        store.mustWrite(session, first),
      ]);
      await Promise.all([
        store.mustRead(session, second, 'after two writes'),
        store.write(session, first).then((late) => demand(!late, 'a write over an old version was done')),
      ]);
      await store.mustRead(session, second, 'after a write that conflicts');
    });
  },
};

/** Adds one to the number that is stored, or to 0. */
async function increment(store, session) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const stored = await store.read(session);
    const next = newDocument(`${Number(stored?.record ?? 0) + 1}`);
    if (await store.write(session, stored, next)) return;
  }
  throw new Error(
    `compareAndSet resolved to false ${TRIES} times in a row, each over the version that read had given a moment before`,
  );
}

module.exports = { races };
