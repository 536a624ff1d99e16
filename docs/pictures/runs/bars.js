'use strict';

// Finds the run of `npm run bench` that the bars show.

const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { canDraw } = require('../bars.js');

const RESULTS = path.join(__dirname, '../../../bench/results');

/** The newest result in `folder` that has what the bars show; undefined if there is none. */
function newest(folder = RESULTS) {
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  for (const name of files.toSorted().toReversed()) {
    const result = parsed(path.join(folder, name));
    if (canDraw(result)) return result;
  }
  return undefined;
}

/** The result in `file`. Throws if the bars cannot be drawn of it. */
function read(file) {
  const result = parsed(file);
  if (!canDraw(result))
    throw new Error(
      `${file} lacks a client of the bars; npm run bench -- --only=64/small/plain measures all`,
    );
  return result;
}

const parsed = (file) => JSON.parse(readFileSync(file, 'utf8'));

module.exports = { newest, read };
