'use strict';

// The drawing of docs/rotation-across-processes.md is what a real run draws: one claim, one refresh, one commit, and two processes that
// adopt.

const { mkdtempSync, readFileSync, rmSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
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
