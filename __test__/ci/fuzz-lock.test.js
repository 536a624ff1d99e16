'use strict';

// `fuzz/` has a lock file of its own, because it is apart from the workspace. If the file lags behind, libFuzzer runs crates that are not
// those of the addon, and each run changes the file.

const { readFileSync } = require('node:fs');
const path = require('node:path');

const read = (file) => readFileSync(path.join(__dirname, '../..', file), 'utf8');
const fuzz = read('fuzz/Cargo.lock');

test('fuzz/Cargo.lock has every crate that the engine asks for', () => {
  const [, section] = /^\[dependencies\]\n(.*?)^\[/ms.exec(read('src/engine/Cargo.toml'));
  const wanted = [...section.matchAll(/^([\w-]+) = /gm)].map(([, name]) => name);
  const [, list] = /^name = "token-rotator-engine"\n.*?^dependencies = \[\n(.*?)^\]/ms.exec(fuzz);
  const locked = [...list.matchAll(/"([\w-]+)/g)].map(([, name]) => name);
  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => !locked.includes(name))).toEqual([]);
});

test('fuzz/Cargo.lock has the versions of Cargo.lock', () => {
  const crates = (text) =>
    [...text.matchAll(/^name = "(.+)"\nversion = "(.+)"$/gm)].map(([, name, version]) => ({ name, version }));
  const ours = crates(read('Cargo.lock'));
  const isOurs = (crate) =>
    ours.some(({ name, version }) => name === crate.name && version === crate.version);
  const others = crates(fuzz).filter((crate) => !isOurs(crate));
  expect(others.map(({ name }) => name)).toEqual(['arbitrary', 'libfuzzer-sys', 'token-rotator-fuzz']);
});
