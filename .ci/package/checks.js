'use strict';

// What a package must hold to before it is published.

const { existsSync, readFileSync } = require('node:fs');
const { GLIBC_FLOOR } = require('./targets.js');

/** Bytes of the package and its platform's, unpacked: what both had when this was written, and a tenth. */
const SIZE_LIMIT = 12_300_000;

/** The newest version of glibc that the binary asks for, such as '2.28'; undefined if it asks for none. */
function glibcOf(bytes) {
  const versions = [...bytes.toString('latin1').matchAll(/GLIBC_(\d+)\.(\d+)(?:\.\d+)?\0/g)];
  const minors = versions.filter(([, major]) => major === '2').map(([, , minor]) => Number(minor));
  return minors.length === 0 ? undefined : `2.${Math.max(...minors)}`;
}

function checkBinary(file, { name, libc }) {
  if (!existsSync(file)) throw new Error(`${file} is missing: run node .ci/package/build.js`);
  const glibc = glibcOf(readFileSync(file));
  if (libc === 'glibc' && newer(glibc, GLIBC_FLOOR)) {
    throw new Error(`the binary of ${name} asks for glibc ${glibc}, and may ask for ${GLIBC_FLOOR} at most`);
  }
  if (libc === 'musl' && glibc !== undefined)
    throw new Error(`the binary of ${name} asks for glibc ${glibc}`);
}

const newer = (one, other) => Number(one.split('.')[1]) > Number(other.split('.')[1]);

/** @param {{ unpackedSize: number }[]} packed */
function checkSize(packed) {
  const size = packed.reduce((sum, { unpackedSize }) => sum + unpackedSize, 0);
  const text = `${(size / 1e6).toFixed(2)} MB unpacked in all, and ${SIZE_LIMIT / 1e6} MB are the limit`;
  console.log(text);
  if (size > SIZE_LIMIT) throw new Error(text);
}

module.exports = { checkBinary, checkSize, glibcOf };
