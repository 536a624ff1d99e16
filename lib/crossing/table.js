'use strict';

// Values that Rust knows by a number.

/** @template T @extends {Map<number, T>} */
class Table extends Map {
  #last = 0;

  /** @param {T} value @returns {number} its number */
  add(value) {
    this.#last = nextNumber(this.#last);
    this.set(this.#last, value);
    return this.#last;
  }
}

/** @param {number} last @returns {number} the next of 32 bits; never 0, which means none */
function nextNumber(last) {
  return (last % 0xffffffff) + 1;
}

exports.Table = Table;
exports.nextNumber = nextNumber;
