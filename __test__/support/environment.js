'use strict';

// jest's environment of Node, without what a file would leave to the files after it. jest-circus makes an AsyncLocalStorage
// for each file. Up to Node 22 a storage that was used once costs time for every promise of the process, until it is disabled:
// with those of thirty files a promise takes ten times as long.

const { AsyncLocalStorage } = require('node:async_hooks');
const { TestEnvironment } = require('jest-environment-node');

/** @type {Set<AsyncLocalStorage<any>>} */
const used = new Set();
const { run } = AsyncLocalStorage.prototype;

/** @this {AsyncLocalStorage<any>} */
AsyncLocalStorage.prototype.run = function (...args) {
  used.add(this);
  return run.apply(this, args);
};

class Environment extends TestEnvironment {
  async teardown() {
    await super.teardown();
    for (const storage of used) storage.disable();
    used.clear();
  }
}

module.exports = Environment;
