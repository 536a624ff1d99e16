'use strict';

// ARCHITECTURE.md is the map of the code: a file that it does not name is one that a reader does not find.

const { execFileSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const map = readFileSync(path.join(ROOT, 'ARCHITECTURE.md'), 'utf8');

/** Folders whose own head, or the folder's name, says what each file is. */
const OWN_MAP = ['src/binding/', 'lib/testing/', 'lib/axios/', 'src/engine/fleet/simulation/'];
const isMapped = (file) => OWN_MAP.some((folder) => file.startsWith(folder));
const isTest = (file) => /\/tests?(\/|\.rs$)|\/testing\/|\/conformance/.test(file);

test('the map names every file of src and lib', () => {
  const files = execFileSync('git', ['ls-files', 'src', 'lib'], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n');
  const code = files.filter((file) => /\.(rs|js)$/.test(file) && existsSync(path.join(ROOT, file)));
  expect(code.length).toBeGreaterThan(100);
  const names = code
    .filter((file) => !isTest(file) && !isMapped(file))
    .map((file) => path.basename(path.basename(file, '.rs'), '.js'))
    .filter((name) => name !== 'mod');
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(map))).toEqual([]);
});

test('each file that the map names by its path is there', () => {
  const links = [...map.matchAll(/\]\((src|lib)\/([^)]+)\)/g)].map(([, top, rest]) => `${top}/${rest}`);
  const quoted = [...map.matchAll(/`((?:lib|src)\/[a-z_/.-]+\.(?:js|rs))`/g)].map(([, file]) => file);
  const engine = [...map.matchAll(/`(?:engine\/)?((?:client|session|http|wait|present)\/[a-z_/0-9]+\.rs)`/g)];
  const binding = [...map.matchAll(/`(binding\/[a-z_/]+\.rs)`/g)].map(([, file]) => `src/${file}`);
  const paths = [...links, ...quoted, ...binding, ...engine.map(([, file]) => `src/engine/${file}`)];
  expect(paths.length).toBeGreaterThan(20);
  expect(paths.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test('each file that a comment names by its path is there', () => {
  const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  const there = files.filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
  const named = there
    .filter((file) =>
      /^(src|lib|tools|chaos|conformance|bench|evidence|\.ci|__test__)\/.*\.(rs|js)$/.test(file),
    )
    .flatMap((file) => pathsIn(readFileSync(path.join(ROOT, file), 'utf8')).map((to) => ({ file, to })));
  expect(named.length).toBeGreaterThan(50);
  const isThere = ({ to }) => there.some((file) => `/${file}`.endsWith(`/${to}`));
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

/** In comments of Rust and of JavaScript. tsc checks those of `@import`, which begin with a dot. */
function pathsIn(text) {
  const comments = text.split('\n').filter((line) => /^\s*(\/\/|\/?\*)/.test(line));
  const found = comments.flatMap((line) => [
    ...line.matchAll(/(?<![\w/.@*-])((?:\.ci|\w[\w-]*)\/(?:[\w.-]+\/)*[\w-]+\.(?:js|rs))\b/g),
  ]);
  return found.map(([, name]) => name).filter((name) => !name.includes('NAME'));
}
