'use strict';

// The newest axios 1.x and the oldest.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

jest.setTimeout(60_000);

test.each(['axios', 'axios-1.0'])('%s', async (name) => {
  const program = path.join(__dirname, 'support', 'version-program.js');
  const child = fork(program, [name], { silent: true, env: { ...process.env } });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code] = await once(child, 'close');
  expect(errors.replace(/^.*(?:Warning: |--trace-).*\n/gm, '')).toBe('');
  expect(code).toBe(0);
});
