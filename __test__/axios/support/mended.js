'use strict';

// A bug of the original's: the same scenario says what is right, the original must fail it, and both of our ways must not.

const { straying } = require('./turns.js');
const { ORIGINAL, OURS } = require('./ways.js');

/** By then the original will not do it any more. No scenario of ours is bounded by it. */
const PATIENCE = 1_500;

/** `scenario(way)` throws if it is not as it should be. `forgive`: of world.js. */
function mended(name, scenario, forgive) {
  test(`${name}: the original does not`, async () => {
    let outcome = 'pending';
    let timer;
    await straying(async () => {
      const ended = scenario(ORIGINAL).then(
        () => (outcome = 'right'),
        () => (outcome = 'wrong'),
      );
      await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE)))]);
      clearTimeout(timer);
      forgive();
    });
    expect(outcome).not.toBe('right');
  });

  test.each(OURS)(`${name}: %s does`, async (_name, way) => {
    expect(await straying(() => scenario(way))).toEqual([]);
  });
}

module.exports = { mended };
