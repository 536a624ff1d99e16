'use strict';

// The records of a file store, read after each rename. The file is read at once, but a write that another one follows within a
// moment may be missed.

const { mkdirSync, readFileSync, watch } = require('node:fs');
const path = require('node:path');

class Records {
  #directory;
  #watcher;
  #last;

  constructor(directory) {
    this.#directory = directory;
  }

  /** Calls `saw` with the text of each record. The directory is made as the store would make it. */
  observe(saw) {
    mkdirSync(this.#directory, { mode: 0o700 });
    this.#watcher = watch(this.#directory, (_event, name) => {
      if (name?.endsWith('.record')) this.#read(name, saw);
    });
  }

  close() {
    this.#watcher?.close();
  }

  #read(name, saw) {
    const bytes = readFileSync(path.join(this.#directory, name), 'utf8');
    if (bytes === this.#last) return;
    this.#last = bytes;
    // The first line has version and checksum.
    saw(bytes.slice(bytes.indexOf('\n') + 1));
  }
}

module.exports = { Records };
