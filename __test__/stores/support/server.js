'use strict';

// Servers of other people's, as processes of a test's own in a temporary directory.

const { execFileSync, spawn } = require('node:child_process');
const { chownSync, mkdtempSync, rmSync } = require('node:fs');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { freePort } = require('../../../tools/free-port.js');

/** For servers that refuse to run as root. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/**
 * Starts `file` and resolves once `answers` does without an error; it is asked again and again while the process runs.
 * @param {{ name: string, file: string, packages: string, args: (directory: string) => string[] | Promise<string[]> }} server
 *   `packages`: those of Debian that have the file
 */
async function startServer({ name, file, packages, args }, answers) {
  const user = unprivileged();
  const directory = mkdtempSync(path.join(os.tmpdir(), `${name}-`));
  if (user.uid !== undefined) chownSync(directory, user.uid, user.gid);
  const child = spawn(file, await args(directory), { ...user, cwd: directory, stdio: 'ignore' });
  const exit = once(child, 'exit').catch(() => {
    throw new Error(`these tests need ${name}: apt-get install ${packages}`);
  });
  exit.catch(() => {});
  const stop = async () => {
    child.kill('SIGKILL');
    await exit;
    rmSync(directory, { recursive: true, force: true });
  };
  for (;;) {
    if (child.exitCode !== null || child.pid === undefined) {
      await exit;
      throw new Error(`${name} ended with the code ${child.exitCode}`);
    }
    const settings = await answers(directory).catch(() => sleep(20));
    if (settings !== undefined) return { settings, stop };
  }
}

module.exports = { freePort, startServer, unprivileged };
