'use strict';

// The drawings of the pages are what real runs draw. That of docs/rotation-across-processes.md has one claim, one refresh, one commit, and
// two processes that adopt.

const { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { newest, read } = require('../../docs/pictures/runs/bars.js');
const { endChildren, start } = require('../lifecycle/child.js');

const FOLDER = path.join(__dirname, '../../docs/pictures');
const directory = mkdtempSync(path.join(os.tmpdir(), 'pictures-'));
afterAll(async () => {
  await endChildren();
  rmSync(directory, { recursive: true, force: true });
});

jest.setTimeout(120_000);

const labels = (svg) => [...svg.matchAll(/class="label"[^>]*>([^<]*)</g)].map(([, words]) => words);
const count = (svg, words) => labels(svg).filter((label) => label.startsWith(words)).length;

function expectOneRotation(svg) {
  expect({
    rejected: count(svg, 'GET /orders → 401'),
    claims: count(svg, 'claim: lease and intent'),
    refreshes: count(svg, 'refresh'),
    commits: count(svg, 'commit: generation 2'),
    adopted: count(svg, 'read: generation 2, adopted'),
    replays: count(svg, 'GET /orders again → 200'),
  }).toEqual({ rejected: 3, claims: 1, refreshes: 1, commits: 1, adopted: 2, replays: 3 });
}

test('the picture that the page shows', () => {
  expectOneRotation(readFileSync(path.join(FOLDER, 'rotation.svg'), 'utf8'));
});

test('a picture that is drawn now', async () => {
  const file = path.join(directory, 'rotation.svg');
  const { code, stderr } = await start([path.join(FOLDER, 'draw-rotation.js'), file]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expectOneRotation(readFileSync(file, 'utf8'));
});

const description = (svg) => /<desc id="desc">(.*?)<\/desc>/.exec(svg)[1];
const ONE_REFRESH =
  /^16 requests\. [1-9]\d* are answered with 401, \d+ wait without being sent, 1 refresh, and all are served\.$/;

const clients = (throughput, loopUs) => ({ summary: { throughput, loopUs } });
const BENCH = {
  date: '2026-01-02T03:04:05.000Z',
  machine: { cpu: 'a cpu', cores: 2 },
  versions: { node: '20.20.2', undici: '7.0.0', axios: '1.0.0', 'token-refresh': '0.6.0' },
  options: { rounds: 3 },
  results: [
    {
      name: 'steady/64/small/plain',
      clients: {
        'token-rotator': clients(4000, 5),
        'undici-request': clients(3000, 20),
        'undici-fetch': clients(2000, 100),
        'axios-token-refresh': clients(1000, 200),
      },
    },
  ],
};

/** A busy machine may have a process miss the rotation, and then it adopts nothing. */
const ONE_OF_FOUR =
  /^1 refresh is sent\. \d processes adopt the tokens that it brings, and 80 of 80 requests are served\.$/;
/** On a busy machine requests may fail; none in the picture of the page. */
const FIGURES = 'p50 [\\d.]+ ms, p90 [\\d.]+ ms, p99 [\\d.]+ ms, p99.9 [\\d.]+ ms\\.';
const LATENCY = new RegExp(
  `^token-rotator: (\\d+) requests across \\d+ expiries, (\\d+) failed, ${FIGURES} axios, token-refresh: \\1 .* undici, no rotation: \\1 requests across 0 expiries, 0 failed, ${FIGURES}$`,
);

const draw = (...options) => start([path.join(FOLDER, 'draw.js'), ...options]).ended;

test('npm run pictures: all are of a run now, and the bars are of the result', async () => {
  const result = path.join(directory, 'result.json');
  writeFileSync(result, JSON.stringify(BENCH));
  const { code, stderr } = await draw(`--folder=${directory}`, `--result=${result}`, '--seconds=0.6');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });

  const drawn = (name) => readFileSync(path.join(directory, name), 'utf8');
  expectOneRotation(drawn('rotation.svg'));
  expect(description(drawn('waterfall.svg'))).toMatch(ONE_REFRESH);
  expect(description(drawn('lanes.svg'))).toMatch(ONE_OF_FOUR);
  expect(description(drawn('latency.svg'))).toMatch(LATENCY);
  expect(description(drawn('bars.svg'))).toContain(
    'axios with token-refresh: 1000 requests a second, 200.0 µs',
  );
  // The longest bar of each panel is of the client with the most.
  const widths = [...drawn('bars.svg').matchAll(/class="(ours|other)"[^>]*width="([\d.]+)"/g)].map(
    ([, , w]) => Number(w),
  );
  expect(widths).toEqual([280, 210, 140, 70, 6, 24, 120, 240]);
});

test('npm run pictures: an option that is not understood draws nothing', async () => {
  const { code, stderr } = await draw('--fodler=x');
  expect(code).toBe(1);
  expect(stderr).toContain('npm run pictures -- [--folder=');
});

test('bars are drawn of the newest result that has all their clients', () => {
  const folder = path.join(directory, 'results');
  mkdirSync(folder);
  const write = (name, run) => writeFileSync(path.join(folder, name), JSON.stringify(run, null, 2));
  expect(newest(folder)).toBeUndefined();
  write('2026-01-01.json', { ...BENCH, date: 'an old one' });
  write('2026-01-02.json', BENCH);
  write('2026-01-03.json', { results: [{ ...BENCH.results[0], clients: { 'token-rotator': {} } }] });
  write('2026-01-04.json', { results: [] });
  writeFileSync(path.join(folder, '2026-01-05.txt'), 'no result');
  expect(newest(folder)).toEqual(BENCH);
  expect(newest(path.join(folder, 'none'))).toBeUndefined();
  expect(() => read(path.join(folder, '2026-01-04.json'))).toThrow(/lacks a client of the bars/);
});

test('the other pictures that the pages show', () => {
  expect(description(readFileSync(path.join(FOLDER, 'waterfall.svg'), 'utf8'))).toMatch(ONE_REFRESH);
  expect(description(readFileSync(path.join(FOLDER, 'bars.svg'), 'utf8'))).toContain('token-rotator');
  expect(description(readFileSync(path.join(FOLDER, 'lanes.svg'), 'utf8'))).toMatch(ONE_OF_FOUR);
  expect(LATENCY.exec(description(readFileSync(path.join(FOLDER, 'latency.svg'), 'utf8')))).toMatchObject({
    ...{ 1: '1000', 2: '0' },
  });
});
