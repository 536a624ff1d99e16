'use strict';

// docs/bundlers.md shows the files with which `npm run bundlers` bundles, and names its versions.

const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { WAYS, versionOf, withoutLine } = require('../../bundlers/list.js');
const { ROOT, read } = require('./blocks.js');

const FILES = path.join(ROOT, 'bundlers/project');
const page = read('docs/bundlers.md');
const shown = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
const configs = readdirSync(FILES).filter((name) => name.endsWith('.mjs'));
const fileOf = (name) => readFileSync(path.join(FILES, name), 'utf8');

test('every block is a file that is used', () => {
  const used = configs.filter((name) => WAYS.some(({ config }) => config === name)).map(fileOf);
  expect(shown.length).toBeGreaterThan(7);
  expect(shown.filter((code) => !used.includes(code))).toEqual([]);
});

test('every block of JSON is a package.json that is used', () => {
  const blocks = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, code]) => code);
  const used = WAYS.filter(({ config }) => config.startsWith('parcel.')).map(({ config }) => fileOf(config));
  expect(blocks).toEqual(used);
});

test('every file is shown, or differs by one line that is named', () => {
  const hidden = configs.filter((name) => !shown.includes(fileOf(name)));
  expect(hidden).toEqual(['next.standalone.config.mjs']);
  const lines = fileOf('next.standalone.config.mjs').split('\n');
  const added = lines.filter((line) => !fileOf('next.config.mjs').split('\n').includes(line));
  expect(added).toEqual(["  output: 'standalone',"]);
  expect(page).toContain("`output: 'standalone'`");
});

test('the line that a way leaves out is there', () => {
  const ways = WAYS.filter(({ without }) => without !== undefined);
  expect(ways.length).toBeGreaterThan(4);
  for (const { config, without } of ways) {
    expect(withoutLine(path.join(FILES, config), without)).not.toContain(without);
  }
});

test('the versions are those that are pinned', () => {
  const rows = [...page.matchAll(/^\| (\S+) +\| (\d\S+) +\|$/gm)].map(([, name, version]) => [name, version]);
  const bundlers = new Set(WAYS.map(({ bundler }) => bundler).filter((name) => name !== 'node'));
  expect(new Set(rows.map(([name]) => name))).toEqual(bundlers.add('node-loader'));
  expect(rows).toEqual(rows.map(([name]) => [name, versionOf(name)]));
});
