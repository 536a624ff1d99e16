'use strict';

const { execFile } = require('node:child_process');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { promisify } = require('node:util');

jest.setTimeout(60_000);

test.each(['index.js', 'lib/postgres.js', 'lib/testing.js'])(
  'import { … } finds every name that require finds in %s',
  async (file) => {
    const entry = path.resolve(__dirname, '../..', file);
    const names = Object.keys(require(entry));
    expect(names.length).toBeGreaterThan(0);
    const program = `import { ${names} } from ${JSON.stringify(pathToFileURL(entry))}; console.log([${names}].every(Boolean))`;
    const options = { env: { ...process.env } };
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], options);
    expect((await run).stdout).toBe('true\n');
  },
);
