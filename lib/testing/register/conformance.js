'use strict';

// The duties of a `RegisterStore`, as a list of named checks for any test runner.

const { conditions } = require('./conditions.js');
const { Probe } = require('./probe.js');
const { races } = require('./races.js');
const { texts } = require('./texts.js');
const { watches } = require('./watching.js');

const PATIENCE = 10_000;

const CHECKS = { ...conditions, ...texts, ...races, ...watches };

/**
 * @param {() => any} open  gives the store, or two stores of one database, or a promise of either; called once by each check
 * @param {{ patience?: number }} [options]
 */
function registerConformance(open, options = {}) {
  if (typeof open !== 'function')
    throw new TypeError('open must be a function that gives the store, or two of them');
  const { patience = PATIENCE, ...unknown } = options;
  const [name] = Object.keys(unknown);
  if (name !== undefined) throw new TypeError(`unknown option "${name}"`);
  if (!(typeof patience === 'number' && patience > 0 && patience < 2 ** 31)) {
    throw new TypeError('option "patience" must be a positive number of milliseconds');
  }
  return Object.entries(CHECKS).map(([name, check]) => ({
    name,
    async run() {
      const given = await open();
      const [store, other = store] = Array.isArray(given) ? given : [given];
      await check(new Probe(store, patience), new Probe(other, patience), patience);
    },
  }));
}

module.exports = { registerConformance };
