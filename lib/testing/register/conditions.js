'use strict';

// Duties that one caller at a time can see: what is stored, and on which condition a write is done.

const { demand, newDocument, newSession, newVersion } = require('./probe.js');

/** How often processes take turns. */
const TURNS = 20;

/** Each takes two stores of one database, as two processes have them. */
const conditions = {
  'a session that was never written has no record': async (store) => {
    await store.mustRead(newSession(), null, 'a session that was never written');
  },

  'a record is created over nothing only': async (store, other) => {
    const session = newSession();
    const first = await store.mustWrite(session, null);
    demand(
      !(await other.write(session, null)),
      'compareAndSet with expected null resolved to true, although a record is stored: an insert must not replace',
    );
    for (const one of [store, other]) await one.mustRead(session, first, 'after an insert that conflicts');
  },

  'a write over another version changes nothing': async (store, other) => {
    const session = newSession();
    const conflict = async (expected, stored, when) => {
      const done = await other.compareAndSet(session, newDocument(), expected);
      await store.mustRead(session, stored, `after a write over ${when}`);
      demand(!done, `compareAndSet resolved to true over ${when}, and must resolve to false`);
    };
    await conflict(newVersion(), null, 'a version, while nothing is stored');
    const first = await store.mustWrite(session, null);
    const second = await other.mustWrite(session, first);
    await conflict(first.version, second, 'the version before the stored one');
    await conflict(newVersion(), second, 'a version that was never stored');
    await conflict(null, second, 'nothing, while a record is stored');
  },

  'each process reads what the other one wrote a moment ago': async (store, other) => {
    const session = newSession();
    await Promise.all([store, other].map((one) => one.mustRead(session, null, 'before the first write')));
    let stored = null;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const [writer, reader] = turn % 2 === 0 ? [store, other] : [other, store];
      stored = await writer.mustWrite(session, stored);
      // A cache or a replica that lags is what this finds.
      for (const one of [reader, writer]) await one.mustRead(session, stored, 'right after a write');
    }
  },

  'the repeat of a write changes nothing': async (store, other) => {
    const session = newSession();
    const [first, second] = [newDocument(), newDocument()];
    for (const [next, expected] of [
      [first, null],
      [second, first],
    ]) {
      await store.mustWrite(session, expected, next);
      // True, as the write was done, or false, as another version is stored: both are right.
      for (const one of [store, other]) {
        await one.write(session, expected, next);
        await one.mustRead(session, next, 'after the repeat of a write');
      }
    }
  },

  'the repeat of a write that was replaced is a conflict': async (store, other) => {
    const session = newSession();
    const first = await store.mustWrite(session, null);
    const second = await other.mustWrite(session, first);
    const third = await other.mustWrite(session, second);
    for (const [next, expected] of [
      [first, null],
      [second, first],
    ]) {
      const done = await store.write(session, expected, next);
      await other.mustRead(session, third, 'after the late repeat of a write');
      demand(!done, 'the repeat of a write resolved to true, although others have written since');
    }
  },
};

module.exports = { conditions };
