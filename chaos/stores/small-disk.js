'use strict';

// A directory on a disk of its own, which takes little. Only root may mount one.

const { spawnSync } = require('node:child_process');
const { open, rm } = require('node:fs/promises');
const path = require('node:path');
const { makeFolder, remove } = require('../../tools/leftovers.js');

const SIZE_KB = 256;
const PAGE = Buffer.alloc(4096);

class SmallDisk {
  directory;
  /** When it was full: `{ from, to }`. */
  outages = [];

  static async mount() {
    const disk = new SmallDisk();
    disk.directory = await makeFolder('token-rotator-chaos-');
    run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_KB}k,mode=700`, 'tmpfs', disk.directory]);
    return disk;
  }

  /** Takes nothing more for this long. */
  async fill(wait) {
    const outage = { from: Date.now(), to: Infinity };
    this.outages.push(outage);
    const filler = path.join(this.directory, 'filler');
    const file = await open(filler, 'w');
    try {
      for (;;) await file.write(PAGE);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
    await wait;
    await rm(filler);
    outage.to = Date.now();
  }

  async close() {
    run('umount', [this.directory]);
    await remove(this.directory);
  }
}

function run(command, args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/** A namespace of its own needs the same right as a mount. */
const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
const missing = mayMount ? undefined : 'only root may mount a small disk';

module.exports = { SmallDisk, missing };
