'use strict';

// Values that Rust knows by a number.

class Table extends Map {
  #last = 0;

  /** The number of the value added. */
  add(value) {
    this.#last = nextNumber(this.#last);
    this.set(this.#last, value);
    return this.#last;
  }
}

/** Numbers fit into 32 bits; 0 means none. */
function nextNumber(last) {
  return (last % 0xffffffff) + 1;
}

module.exports = { Table, nextNumber };
