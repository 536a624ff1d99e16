// Imports every entry of the installed package: by name, each export that `require` gives.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const entries = Object.keys(require('token-rotator/package.json').exports);

for (const entry of entries.filter((name) => !name.endsWith('.json'))) {
  const specifier = `token-rotator${entry.slice(1)}`;
  const imported = await import(specifier);
  for (const name of Object.keys(require(specifier))) {
    assert.equal(imported[name], require(specifier)[name], `${name} of ${entry}`);
  }
  console.log(`import ${entry}: ${Object.keys(imported).join(' ')}`);
}
