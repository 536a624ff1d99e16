'use strict';

const fs = require('node:fs');

/** The version of a package in a list of versions: requirements.txt, package.json, or names for apt-get. */
function pinned(file, name) {
  const line = new RegExp(`^\\s*"?${name}"?\\s*(?:==|=|:)\\s*"?([^",\\s]+)`, 'm');
  const [, version] = line.exec(fs.readFileSync(file, 'utf8')) ?? [];
  if (version === undefined) throw new Error(`${file} names no version of ${name}`);
  return version;
}

module.exports = { pinned };
