'use strict';

// Duties of `watch`. A store without it does them by having none.

const { clearTimeout, setTimeout, sinceStart } = require('../../clock.js');
const { demand, newDocument, newSession, show } = require('./probe.js');

const ROUNDS = 5;

/** What one watch has told, and who waits for it. */
class Ear {
  #patience;
  #wake = () => {};
  #lost;
  told = [];

  constructor(patience) {
    this.#patience = patience;
  }

  /** @param {string} [session] */
  changed = (session) => {
    this.told.push(session);
    this.#wake();
  };

  lost = (error) => {
    this.#lost = new Error(`watch told that it is lost: ${error?.message ?? error}`, { cause: error });
    this.#wake();
  };

  /** What is no text stands for any session. */
  isToldOf(session) {
    return this.told.some((told) => typeof told !== 'string' || told === session);
  }

  /** Resolves when `is` does, which is asked now and after whatever is told of `session`. */
  async until(session, is) {
    for (;;) {
      if (this.#lost !== undefined) throw this.#lost;
      if (this.isToldOf(session)) {
        this.told.length = 0;
        if (await is()) return;
      } else if (!(await this.#more())) {
        throw new Error(
          `a write to the session ${show(session)} was not told by watch within ${this.#patience} ms` +
            `${this.told.length > 0 ? `, but one to ${show(`${this.told[0]}`)}` : ''}: ` +
            'tell of each write after it is done, and with the session as it was given',
        );
      }
    }
  }

  /** True once something is told, false when that takes too long. */
  async #more() {
    let timer;
    const more = new Promise((resolve) => {
      this.#wake = () => resolve(true);
      timer = setTimeout(() => resolve(false), this.#patience);
    });
    try {
      return await more;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Ends the watches that `work` began, also if it fails. */
async function watching(work) {
  const ends = [];
  const watch = async (store, patience) => {
    const ear = new Ear(patience);
    let isOver = false;
    const end = await store.watch(ear.changed, ear.lost);
    const once = () => {
      if (isOver) return undefined;
      isOver = true;
      return end();
    };
    ends.push(once);
    return { ear, end: once };
  };
  try {
    await work(watch);
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
}

const watches = {
  'watch tells of each write of another process': (store, other, patience) =>
    watching(async (watch) => {
      if (!store.watches) return;
      const { ear } = await watch(store, patience);
      for (const session of [newSession('watched'), newSession('watched ä ☃ {a}/%:\n')]) {
        /** @type {any} */
        let stored = null;
        for (let round = 0; round < ROUNDS; round += 1) {
          const next = newDocument();
          ear.told.length = 0;
          // Read as soon as it is told: what is told of before it is stored goes unseen.
          const seen = async () => (await store.read(session))?.version === next.version;
          await Promise.all([ear.until(session, seen), other.mustWrite(session, stored, next)]);
          stored = next;
        }
      }
    }),

  'the end of one watch ends no other one': (store, other, patience) =>
    watching(async (watch) => {
      if (!store.watches) return;
      const [one, another] = [await watch(store, patience), await watch(store, patience)];
      const session = newSession('watched by two');
      const seen = () => true;
      let stored = await other.mustWrite(session, null);
      await Promise.all([one, another].map(({ ear }) => ear.until(session, seen)));
      await one.end();
      const limit = sinceStart() + patience;
      // What is on its way may still be told.
      for (let silent = 0; silent < ROUNDS; silent = one.ear.isToldOf(session) ? 0 : silent + 1) {
        demand(sinceStart() < limit, 'a watch tells of writes after it was ended: it holds its connection');
        for (const { ear } of [one, another]) ear.told.length = 0;
        stored = await other.mustWrite(session, stored);
        await another.ear.until(session, seen);
      }
    }),
};

module.exports = { watches };
