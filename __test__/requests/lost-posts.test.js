'use strict';

const { measure } = require('../../bench/lost');

jest.setTimeout(60_000);

const POSTS = 300;

test.each(['with the answer', 'right after the answer', 'with a reset'])(
  'of the POSTs to a server that ends connections %s, one in a hundred is lost at most',
  async (scenario) => {
    const { sent, lost, failed, twice } = await measure(scenario, 'token-rotator', POSTS);
    expect(sent).toBe(POSTS);
    expect(lost).toBeLessThanOrEqual(POSTS / 100);
    // An answer that was sent was received, and a POST that was written is not written again.
    expect({ failed, twice }).toEqual({ failed: 0, twice: 0 });
  },
);

test('no more POSTs are lost than with undici where connections end at random', async () => {
  const ours = await measure('at random', 'token-rotator', POSTS);
  const theirs = await measure('at random', 'undici', POSTS);
  expect(ours.lost).toBeLessThanOrEqual(theirs.lost);
  expect(ours.twice).toBe(0);
});
