'use strict';

// The version stands in three files, because none of them can read another: npm's, cargo's, and the one that refuses addons of other
// versions.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { VERSION, addon } = require('../../lib/crossing/addon.js');
const { version } = require('../../package.json');

const read = (file) => readFileSync(path.join(__dirname, '../..', file), 'utf8');

test('package.json, Cargo.toml and lib/crossing/addon.js have one version', () => {
  const [, cargo] = /\[package\]\nname = "token-rotator"\nversion = "([^"]+)"/.exec(read('Cargo.toml'));
  expect({ cargo, lib: VERSION }).toEqual({ cargo: version, lib: version });
});

test('the addon tells its version, by which a package is accepted', () => {
  expect(addon.VERSION).toBe(version);
});
