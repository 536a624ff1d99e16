'use strict';

// A name that no runtime has must not pass for a run in which nothing failed.

const { spawnSync } = require('node:child_process');
const path = require('node:path');

const FOLDER = path.join(__dirname, '../../.ci/runtimes');

test.each([
  ['nodes.js', '--node=21', /--node=21: the versions are 20\.19\.0, /],
  ['run.js', 'Dneo', /Dneo: the names are Node, .*rotation/],
])('%s %s', (program, argument, reason) => {
  const run = spawnSync(process.execPath, [path.join(FOLDER, program), argument], { encoding: 'utf8' });
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(reason);
});
