'use strict';

// Sends requests in a process that gets no further thread for a while, as in a container whose limit of pids is reached.

const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const { TokenClient } = require('../../../index.js');

const settings = JSON.parse(process.argv[2]);

/** The limit counts the threads of a user, and does not bind root. */
const UNPRIVILEGED = 65_534;

async function send(host) {
  const baseURL = `http://${host}:${settings.port}`;
  const client = new TokenClient({
    baseURL,
    tokens: { accessToken: 'a' },
    refresh() {},
    retry: { limit: 0 },
  });
  try {
    return (await client.get('/')).status;
  } catch ({ code, retryable, cause }) {
    return [code, retryable, cause?.code];
  }
}

(async () => {
  if (process.getuid() === 0) process.setuid(UNPRIVILEGED);
  const before = settings.warm ? await send('127.0.0.1') : undefined;
  // Started now, because a starved process cannot start it.
  const command = `read line; exec prlimit --pid ${process.pid} --nproc=${settings.threads}:`;
  const feeder = spawn('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'inherit'] });
  execFileSync('prlimit', ['--pid', process.pid, '--nproc=1:']);
  const starved = [await send(settings.host), await send(settings.host)];
  feeder.stdin.end('\n');
  await once(feeder, 'exit');
  console.log(JSON.stringify({ before, starved, fed: await send(settings.host) }));
})();
