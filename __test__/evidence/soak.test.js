'use strict';

// A short run of `npm run soak`, and whether its judge sees a leak. The memory of a short run says nothing, because pools still fill.

const { LIMITS, leaks } = require('../../evidence/slope.js');
const { soak } = require('../../evidence/soak.js');

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('requests, rotations and clients leave no descriptor, thread or handle behind', async () => {
  const options = { requests: 2_000, rotations: 20, clients: 40, rounds: 10 };
  const { samples, done } = await soak(options);
  expect(done).toMatchObject({ requests: 2_000, rotations: 20, clients: 40 });
  expect(done.stats.rotations).toBeGreaterThanOrEqual(20);
  expect(samples).toHaveLength(10);
  const held = samples.slice(2).map(({ descriptors, threads, handles }) => [descriptors, threads, handles]);
  for (const [at, before] of held[0].entries()) expect(held.at(-1)[at]).toBeLessThanOrEqual(before);
});

describe('the judge', () => {
  const run = (grows) =>
    Array.from({ length: 100 }, (_, at) => {
      const sample = { requests: at * 1e4, rss: 8e7, heap: 6e6, descriptors: 41, threads: 8, handles: 1 };
      return { ...sample, ...grows(at) };
    });

  test('a run in which nothing grows', () => {
    expect(leaks(run((at) => ({ rss: at < 20 ? at * 4e6 : 8e7 + (at % 5) * 1e5 })))).toEqual([]);
  });

  test.each([
    ['rssMb', (at) => ({ rss: 8e7 + at * 1.1e5 })],
    ['heapMb', (at) => ({ heap: 6e6 + at * 1.1e5 })],
    ['descriptors', (at) => ({ descriptors: 41 + Math.floor(at / 15) })],
    ['threads', (at) => ({ threads: 8 + Math.floor(at / 15) })],
    ['handles', (at) => ({ handles: 1 + Math.floor(at / 15) })],
  ])('%s that grow', (name, grows) => {
    expect(leaks(run(grows))).toEqual([name]);
    expect(LIMITS[name]).toBeGreaterThan(0);
  });

  test('a figure that is none', () => {
    expect(leaks(run(() => ({ rss: NaN })))).toEqual(['rssMb']);
  });
});
