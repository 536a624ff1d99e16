'use strict';

/** The last `max` things pushed, oldest first: what keeps a storm from growing the ledger without end. */
class Recent {
  #items = [];
  #next = 0;
  #max;

  constructor(max) {
    this.#max = max;
  }

  push(item) {
    if (this.#max === 0) return;
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.#max;
  }

  toArray() {
    return [...this.#items.slice(this.#next), ...this.#items.slice(0, this.#next)];
  }
}

/**
 * Drops the oldest dead entries of `map` until it holds `max`. Live ones met on the way move to its end, and only
 * a few are looked at each time: one call costs the same however many live.
 */
function prune(map, max, isDead) {
  for (let looked = 0; map.size > max && looked < 8; looked++) {
    const [key, value] = map.entries().next().value;
    map.delete(key);
    if (!isDead(value)) map.set(key, value);
  }
}

module.exports = { Recent, prune };
