'use strict';

const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { column } = require('./table.js');

test('no callback ends a program that catches what its calls reject with', () => {
  const program = join(__dirname, 'program.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', program], {
    encoding: 'utf8',
  });
  const columns = ['`refresh`', '`getTokens`', '`setTokens`', '`header.format`', '`isSessionExpired`'];
  columns.push('`isRefreshFailureTerminal`', 'hooks', '`logger`');
  const cells = columns.flatMap(column).length;
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: String(4 * cells), stderr: '' });
}, 60_000);
