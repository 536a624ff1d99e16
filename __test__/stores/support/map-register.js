'use strict';

// A register in memory: the smallest that keeps what RegisterStore promises. Also for a client of another thread, by a port.

const { setTimeout: sleep } = require('node:timers/promises');

/** `latency`: how long each call takes, ms; half of it before the rows are looked at. */
function mapRegister({ latency = 0, watches = true } = {}) {
  const rows = new Map();
  const watchers = new Set();
  const pause = () => (latency === 0 ? undefined : sleep(latency / 2));
  const register = {
    async read(session) {
      await pause();
      const found = rows.get(session) ?? null;
      await pause();
      return found;
    },
    async compareAndSet(session, next, expected) {
      await pause();
      const done = (rows.get(session)?.version ?? null) === expected;
      if (done) {
        rows.set(session, { ...next });
        for (const changed of watchers) changed(session);
      }
      await pause();
      return done;
    },
  };
  if (watches) {
    register.watch = async (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    };
  }
  return { rows, watchers, register };
}

/** Lets the other end of a port use a register. */
function serveRegister(register, port) {
  port.on('message', async ({ number, name, args }) => {
    if (name === 'watch') return register.watch((session) => port.postMessage({ changed: session }));
    port.postMessage({ number, result: await register[name](...args) });
  });
}

/** The register that `serveRegister` serves at the other end. */
function remoteRegister(port) {
  const asked = new Map();
  const watchers = new Set();
  let last = 0;
  port.on('message', ({ number, result, changed }) => {
    if (changed !== undefined) return watchers.forEach((tell) => tell(changed));
    asked.get(number)(result);
    asked.delete(number);
  });
  port.unref();
  const ask = (name, ...args) =>
    new Promise((resolve) => {
      last += 1;
      asked.set(last, resolve);
      port.postMessage({ number: last, name, args });
    });
  return {
    read: (session) => ask('read', session),
    compareAndSet: (...args) => ask('compareAndSet', ...args),
    async watch(changed) {
      watchers.add(changed);
      port.postMessage({ name: 'watch', args: [] });
      return () => watchers.delete(changed);
    },
  };
}

module.exports = { mapRegister, remoteRegister, serveRegister };
