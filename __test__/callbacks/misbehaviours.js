'use strict';

// What a callback may do, by the words of docs/callbacks.md. Each is `(c) => result`, with `c`:
//   good()   what a good callback would have returned, without a promise; calls of it count
//   thrown   what to throw
//   call()   a request through the client whose callback this is
//   later()  the same in a later turn of the event loop
//   stuck    a promise that settles only when the test is over
//   block    how long to block the event loop, ms

const MISBEHAVIOURS = {
  throws: (c) => {
    throw c.thrown;
  },
  'throws a value that cannot be read': (c) => {
    throw c.thrown;
  },
  rejects: (c) => Promise.reject(c.thrown),
  'returns a value, no promise': (c) => c.good(),
  'returns a promise': async (c) => c.good(),
  'returns a thenable': (c) => ({ then: (resolve) => resolve(c.good()) }),
  'returns a thenable that answers twice': (c) => ({
    then(resolve, reject) {
      resolve(c.good());
      resolve('another answer');
      reject(c.thrown);
      throw c.thrown;
    },
  }),
  'returns a thenable whose `then` throws': (c) => ({
    then() {
      throw c.thrown;
    },
  }),
  'returns `undefined`': () => undefined,
  'returns `null`': () => null,
  'returns a number': () => 42,
  'returns a string': () => 'text',
  'returns a string of two lines': () => 'text\r\nx-smuggled: 1',
  'returns an empty string': () => '',
  'returns `[]`': () => [],
  'returns `{}`': () => ({}),
  'returns a symbol': () => Symbol('text'),
  'returns a Proxy that throws': (c) => hostile(c.thrown),
  'never settles': (c) => c.stuck,
  'calls the client at once and waits for it': async (c) => {
    await c.call();
    return c.good();
  },
  'calls the client later and waits for it': async (c) => {
    await null;
    await c.call().catch(() => {});
    return c.good();
  },
  'calls the client later and does not wait': async (c) => {
    await null;
    c.call();
    return c.good();
  },
  'calls the client at once': (c) => {
    c.call();
    return c.good();
  },
  'calls the client later': (c) => {
    c.later();
    return c.good();
  },
  'blocks the event loop': (c) => block(c),
  'blocks the event loop past its deadline': (c) => block(c),
};

/** Those whose `thrown` comes out as it is. */
const THROWING = new Set([
  'throws',
  'throws a value that cannot be read',
  'rejects',
  'returns a thenable whose `then` throws',
  'returns a Proxy that throws',
]);

function block(c) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, c.block);
  return c.good();
}

/** A value that throws whatever is done with it. */
function hostile(thrown) {
  const trap = () => {
    throw thrown;
  };
  const traps = ['get', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'apply', 'set'];
  return new Proxy(Object.create(null), Object.fromEntries(traps.map((name) => [name, trap])));
}

/** Requests that callbacks of the test under way have sent. */
const sent = [];

/**
 * Resolves when these have settled. A test ends with it, because `close()` does not wait for a request on the wire, which would then
 * settle after its test.
 */
async function callsSettled() {
  while (sent.length > 0) await Promise.allSettled(sent.splice(0));
}

/** `c` for one test; `end()` settles what is stuck. */
function situation(misbehaviour, { good, call, blocks = 5 }) {
  const { promise: stuck, resolve: end } = withResolvers();
  const error = new Error('thrown by a callback');
  const thrown = misbehaviour === 'throws a value that cannot be read' ? hostile(error) : error;
  const noted = (request) => {
    sent.push(request);
    return request;
  };
  const c = { good, thrown, stuck, block: blocks };
  c.call = () => noted(call());
  c.later = () => noted(new Promise((resolve) => setImmediate(resolve)).then(call)).catch(() => {});
  const act = MISBEHAVIOURS[misbehaviour];
  if (act === undefined) throw new Error(`the table has a row that no test knows: ${misbehaviour}`);
  return { act: () => act(c), thrown, end: () => end(good()) };
}

/** What a promise rejects with. */
async function rejection(promise) {
  const nothing = Symbol('nothing');
  const error = await promise.then(
    () => nothing,
    (thrown) => thrown,
  );
  if (error === nothing) throw new Error('a rejection was expected');
  return error;
}

function withResolvers() {
  let settle;
  const promise = new Promise((resolve, reject) => (settle = { resolve, reject }));
  return { promise, ...settle };
}

module.exports = { THROWING, callsSettled, hostile, rejection, situation, withResolvers };
