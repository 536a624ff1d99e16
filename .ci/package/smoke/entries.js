'use strict';

// Requires every entry of the installed package, and uses the addon.

const assert = require('node:assert/strict');
const { exports: entries } = require('token-rotator/package.json');

for (const entry of Object.keys(entries)) {
  const names = Object.keys(require(`token-rotator${entry.slice(1)}`));
  assert(names.length > 0, `${entry} exports nothing`);
  console.log(`require ${entry}: ${names.join(' ')}`);
}
