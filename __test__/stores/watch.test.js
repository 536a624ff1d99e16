'use strict';

// A register's `watch`: when it is called, called again and ended. Its pauses are those of a clock that the tests move.

jest.mock('node:timers', () => {
  const waiting = new Map();
  let last = 0;
  return {
    waiting,
    setTimeout(work, ms) {
      waiting.set((last += 1), { work, ms });
      return Object.assign(Object(last), { unref: () => last });
    },
    clearTimeout: (number) => waiting.delete(Number(number)),
  };
});

const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const timers = require('node:timers');
const { Callbacks } = require('../../lib/callbacks/callbacks.js');
const crossing = require('../../lib/crossing/native-errors.js');
const { Watch } = require('../../lib/callbacks/watch.js');

const turns = async () => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
};

/** Ends the one pause that is under way, and gives its length. */
function elapse() {
  const [[number, { work, ms }], ...more] = timers.waiting;
  expect(more).toEqual([]);
  timers.waiting.delete(number);
  work();
  return ms;
}

let owner;
beforeEach(() => {
  owner = {};
  timers.waiting.clear();
});

/** `calls`: what `watch` was given each time; `behave(n)`: what it does then. */
function begin(behave) {
  const calls = [];
  const [told, failed, end] = [jest.fn(), jest.fn(), jest.fn()];
  const user = (changed, lost) => {
    calls.push({ changed, lost });
    return behave(calls.length, end);
  };
  const watch = new Watch(owner, user, told, failed);
  return { watch, calls, told, failed, end };
}

test('all are told once it is under way, because a write before may have gone unnoticed', async () => {
  const { told, calls, failed } = begin(async (_n, end) => end);
  expect(told).not.toHaveBeenCalled();
  await turns();
  expect(told.mock.calls).toEqual([[true, undefined]]);
  calls[0].changed('ada');
  calls[0].changed();
  calls[0].changed(7);
  expect(told.mock.calls.slice(1)).toEqual([
    [true, 'ada'],
    [true, undefined],
    [true, undefined],
  ]);
  expect(failed).not.toHaveBeenCalled();
});

const THROWN = new Error('no connection');
test.each([
  [
    'throws',
    () => {
      throw THROWN;
    },
    THROWN,
  ],
  ['rejects', () => Promise.reject(THROWN), THROWN],
  ['gives no function', async () => 'a subscription', expect.objectContaining({ name: 'TypeError' })],
])('a watch that %s is called again, after longer and longer pauses', async (_name, fail, thrown) => {
  const { told, calls, failed, end } = begin((n, end) => (n > 9 ? end : fail()));
  const pauses = [];
  for (let n = 1; n <= 9; n += 1) {
    await turns();
    expect(calls).toHaveLength(n);
    expect(told.mock.lastCall).toEqual([false]);
    pauses.push(elapse());
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((s) => s * 1000));
  expect(failed.mock.calls).toEqual([[thrown]]);
  await turns();
  expect(told.mock.lastCall).toEqual([true, undefined]);

  // A loss after a success is told again, and begins with a short pause.
  calls.at(-1).lost('reset');
  expect(told.mock.lastCall).toEqual([false]);
  expect(end).toHaveBeenCalledTimes(1);
  expect(failed.mock.lastCall).toEqual(['reset']);
  expect(elapse()).toBe(1000);
});

test('an earlier watch says nothing any more', async () => {
  const { told, calls } = begin(async (_n, end) => end);
  await turns();
  calls[0].lost();
  elapse();
  await turns();
  told.mockClear();
  calls[0].changed('ada');
  calls[0].lost();
  expect(told).not.toHaveBeenCalled();
  expect(timers.waiting.size).toBe(0);
  calls[1].changed('ada');
  expect(told.mock.calls).toEqual([[true, 'ada']]);
});

test('close ends it, and it says nothing any more', async () => {
  const { watch, told, calls, end } = begin(async (_n, end) => end);
  await turns();
  told.mockClear();
  watch.close();
  watch.close();
  calls[0].changed('ada');
  calls[0].lost();
  await turns();
  expect(end).toHaveBeenCalledTimes(1);
  expect(told).not.toHaveBeenCalled();
  expect(timers.waiting.size).toBe(0);
});

test('close before it is under way ends it as soon as it is', async () => {
  let ready;
  const { watch, told, end } = begin(() => new Promise((resolve) => (ready = resolve)));
  watch.close();
  ready(end);
  await turns();
  expect(end).toHaveBeenCalledTimes(1);
  expect(told).not.toHaveBeenCalled();
});

test('close during a pause ends the pause', async () => {
  const { watch } = begin(() => Promise.reject(THROWN));
  await turns();
  expect(timers.waiting.size).toBe(1);
  watch.close();
  expect(timers.waiting.size).toBe(0);
});

test('an end that throws or rejects is nobody’s', async () => {
  for (const end of [
    () => {
      throw THROWN;
    },
    () => Promise.reject(THROWN),
  ]) {
    const { watch } = begin(async () => end);
    await turns();
    watch.close();
    await turns();
  }
});

describe('of a client', () => {
  const environment = { changed: jest.fn() };

  test('begins once, ends with close, and does not begin after it', async () => {
    const end = jest.fn();
    const watch = jest.fn(async () => end);
    const callbacks = new Callbacks({ register: { watch } }, crossing);
    callbacks.register.watch(environment, 0, 'ada', 5);
    callbacks.register.watch(environment, 0, 'bob', 5);
    await turns();
    expect(watch).toHaveBeenCalledTimes(1);
    expect(environment.changed.mock.calls).toEqual([[5, true, undefined]]);
    callbacks.close();
    await turns();
    expect(end).toHaveBeenCalledTimes(1);
    callbacks.register.watch(environment, 0, 'ada', 5);
    expect(watch).toHaveBeenCalledTimes(1);

    const unused = new Callbacks({ register: { watch } }, crossing);
    unused.close();
    unused.register.watch(environment, 0, 'ada', 6);
    expect(watch).toHaveBeenCalledTimes(1);
  });

  test('tells onHookError of a failure, as store.watch', async () => {
    const onHookError = jest.fn();
    const callbacks = new Callbacks(
      { onHookError, register: { watch: () => Promise.reject(THROWN) } },
      crossing,
    );
    callbacks.register.watch(environment, 0, 'ada', 5);
    await turns();
    expect(onHookError.mock.calls).toEqual([[THROWN, 'store.watch', { session: 'ada' }]]);
    callbacks.close();
  });

  test('ends when the client is collected, though the connection keeps `changed`', async () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    const connection = [];
    const end = jest.fn();
    const watch = async (...functions) => {
      connection.push(...functions);
      return end;
    };
    (() => new Callbacks({ register: { watch } }, crossing).register.watch(environment, 0, 'ada', 5))();
    await turns();
    for (let n = 0; n < 50 && end.mock.calls.length === 0; n += 1) {
      gc();
      await turns();
    }
    expect(end).toHaveBeenCalledTimes(1);
    expect(connection).toHaveLength(2);
  });
});
