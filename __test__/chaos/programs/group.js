'use strict';

// Starts a shell that has a process of its own, prints the ids of both, and waits.

const { start } = require('../../../tools/leftovers.js');

const script = 'sleep 600 & echo $$ $!; wait';
const child = start('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
// Through this process, so that the watchdog knows of the group when the ids are there.
child.stdout.pipe(process.stdout);
