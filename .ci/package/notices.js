'use strict';

// The notices that licences of other crates ask for in a binary, for the file THIRD-PARTY-NOTICES.txt of a platform's package. Texts that
// differ in their copyright alone are there once: most crates have the MIT licence.

const { execFileSync } = require('node:child_process');
const { readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');
const NOTICES = 'THIRD-PARTY-NOTICES.txt';

const LICENCE_FILE = /^(?:licen[cs]e|copying|copyright|notice|unlicense)/i;
/** Has no code that is linked. */
const OTHER_FOLDER = /^(?:tests?|benches|examples|fuzz|target|\.)/;

/** Of zstd, which is under this or the BSD licence: the crate has chosen BSD. */
const NOT_CHOSEN = new Set(['zstd-sys/zstd/COPYING']);

const NAPI = 'Copyright (c) 2020 LongYinan\nCopyright (c) 2018 GitHub';

const HEAD = `The addon of token-rotator contains the Rust standard library (MIT OR Apache-2.0, Copyright The Rust Project
Developers, see https://thanks.rust-lang.org) and the crates below. Each text stands under the crates that it is for.
`;

/** Crates without a file of their licence: the file of another one that has the same, or the copyright beside this repository's MIT text. */
const LEFT_OUT = new Map([
  ['alloc-stdlib', { like: 'alloc-no-stdlib' }],
  ...['napi', 'napi-derive', 'napi-derive-backend', 'napi-sys'].map((name) => [name, { mit: NAPI }]),
]);

/** The whole file, for the binary of a platform. */
function noticesOf(target) {
  const crates = linkedCrates(target);
  return written(crates.map((crate) => ({ ...crate, texts: textsOf(crate, crates) })));
}

/** @typedef {{ name: string, version: string, licence: string, folder: string }} Crate */

/** All that the addon depends on, but for what only builds or tests it. @returns {Crate[]} */
function linkedCrates({ triple }) {
  // Not the graph of `cargo metadata`: that has what other programs of the workspace ask for too.
  const tree = ['tree', '--package', 'token-rotator', '--edges', 'normal', '--prefix', 'none'];
  const listed = cargo([...tree, '--format', '{p}', '--locked', '--target', triple]);
  const linked = new Set(
    [...listed.matchAll(/^(\S+) v(\S+)/gm)].map(([, name, version]) => `${name} ${version}`),
  );
  const { packages } = JSON.parse(cargo(['metadata', '--format-version', '1', '--locked']));
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .map(({ name, version, license, manifest_path: manifest }) => {
      return { name, version, licence: license ?? '', folder: path.dirname(manifest) };
    });
}

function cargo(args) {
  return execFileSync('cargo', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e8 });
}

/** The texts of the licences under which a crate is used here. @param {Crate} crate @param {Crate[]} all */
function textsOf({ name, licence, folder }, all) {
  const { like, mit } = LEFT_OUT.get(name) ?? {};
  if (like !== undefined)
    return textsOf(
      all.find((other) => other.name === like),
      all,
    );
  if (mit !== undefined)
    return [readFileSync(path.join(ROOT, 'LICENSE'), 'utf8').replace(/^Copyright.*$/m, mit)];
  const files = licenceFiles(folder).filter((file) => !NOT_CHOSEN.has(`${name}/${file}`));
  // MIT is enough where it is one of several to choose from.
  const isChoice = /\bOR\b|\//.test(licence) && !/\bAND\b/.test(licence);
  const offered = isChoice ? files.filter((file) => /(?:^|\W)mit\b/i.test(path.basename(file))) : [];
  const more = files.filter((file) => /notice|copyright|third/i.test(path.basename(file)));
  const used = offered.length > 0 ? [...offered, ...more] : files;
  if (used.length === 0) throw new Error(`${name} (${licence}) has no file of its licence`);
  return used.map((file) => readFileSync(path.join(folder, file), 'utf8'));
}

function licenceFiles(folder, under = '') {
  return readdirSync(path.join(folder, under), { withFileTypes: true })
    .flatMap((entry) => {
      const place = under === '' ? entry.name : `${under}/${entry.name}`;
      if (entry.isDirectory()) return OTHER_FOLDER.test(entry.name) ? [] : licenceFiles(folder, place);
      return LICENCE_FILE.test(entry.name) && !/\.(?:rs|c|h|html|toml)$/.test(entry.name) ? [place] : [];
    })
    .sort();
}

/** The licences that crates have with a copyright of their own begin so. */
const BEGINNING = /Permission is hereby granted|Permission to use, copy|Redistribution and use/g;
const TITLE = /^\W*(?:the )?(?:mit|isc|bsd) .*licen[cs]e\b.{0,20}$|^licen[cs]e$/i;
const RULE = `${'-'.repeat(80)}\n`;

/** @param {{ name: string, version: string, licence: string, texts: string[] }[]} crates */
function written(crates) {
  /** By text without white space. @type {Map<string, { text: string, holders: string[] }>} */
  const groups = new Map();
  const add = ({ name, version, licence }, { copyright, text }) => {
    const key = text.replace(/\W+/g, ' ').toLowerCase();
    const group = groups.get(key) ?? { text, holders: [] };
    const holder = [`${name} ${version} (${licence})`, ...copyright.map((line) => `  ${line}`)].join('\n');
    if (!group.holders.includes(holder)) group.holders.push(holder);
    groups.set(key, group);
  };
  for (const crate of crates) for (const text of crate.texts) add(crate, parted(text));
  const parts = [...groups.values()].map(({ text, holders }) => `${holders.join('\n')}\n\n${text}\n`);
  return [HEAD, ...parts].join(`\n${RULE}\n`);
}

/** The lines of copyright at the beginning of a text, and the rest. A text of several licences stays whole. */
function parted(whole) {
  const text = whole.replaceAll('\r', '').trim();
  const [start, ...more] = [...text.matchAll(BEGINNING)].map(
    ({ index }) => text.lastIndexOf('\n', index) + 1,
  );
  if (start === undefined || more.length > 0 || start > 1000) return { copyright: [], text };
  const lines = text
    .slice(0, start)
    .split('\n')
    .map((line) => line.replace(/^[\s/*]+/, '').trimEnd());
  return { copyright: lines.filter((line) => line !== '' && !TITLE.test(line)), text: text.slice(start) };
}

module.exports = { NOTICES, noticesOf, written };
