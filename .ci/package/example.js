'use strict';

// The example of README.md that runs as it stands: the first block of JavaScript that starts a server of its own.

const { readFileSync } = require('node:fs');
const path = require('node:path');

/** Its text, and the name of a file for it. */
function readmeExample() {
  const readme = readFileSync(path.join(__dirname, '../../README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, text]) => text);
  const text = blocks.find((block) => block.includes('startAuthServer'));
  if (text === undefined) throw new Error('README.md has no example that starts a server of its own');
  return { file: /^import /m.test(text) ? 'example.mjs' : 'example.js', text };
}

module.exports = { readmeExample };
