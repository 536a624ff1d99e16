'use strict';

// Wall clocks that jump: each process has one of its own, by way of libfaketime. Its other clocks go on as they are.

const { existsSync, readdirSync } = require('node:fs');
const { rename, writeFile } = require('node:fs/promises');
const path = require('node:path');
const { makeFolder, remove } = require('../tools/leftovers.js');

class Clocks {
  #directory;

  static async make() {
    const clocks = new Clocks();
    clocks.#directory = await makeFolder('token-rotator-clocks-');
    return clocks;
  }

  /** The environment of a process whose clock may jump. */
  environment(id) {
    return {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: this.#file(id),
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Sets a clock to the machine's time and this much more, or less. */
  async set(id, ms) {
    const seconds = (ms / 1000).toFixed(3);
    const next = `${this.#file(id)}.next`;
    await writeFile(next, `${ms < 0 ? '' : '+'}${seconds}\n`);
    await rename(next, this.#file(id));
  }

  close() {
    return remove(this.#directory);
  }

  #file(id) {
    return path.join(this.#directory, id);
  }
}

/** Debian's package `faketime` puts it into a folder of its own, in that of the architecture. */
function library() {
  if (process.platform !== 'linux') return undefined;
  const found = readdirSync('/usr/lib').map((folder) => path.join('/usr/lib', folder, 'faketime'));
  const files = found.map((folder) => path.join(folder, 'libfaketime.so.1'));
  return files.find((file) => existsSync(file));
}

const LIBRARY = library();
const missing = LIBRARY === undefined ? 'libfaketime is not installed (Debian: faketime)' : undefined;

module.exports = { Clocks, missing };
