'use strict';

// The bench server as a child process: built when missing or older than its source, stopped by closing its stdin.

const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { start } = require('../tools/leftovers.js');

const ROOT = path.join(__dirname, '..');
const CRATE = 'token-rotator-bench-server';
const SOURCES = path.join(__dirname, 'server', 'src');
const BINARY = path.join(
  path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target'),
  'release',
  process.platform === 'win32' ? `${CRATE}.exe` : CRATE,
);
/** A server that heard its stdin close has nothing left to do; one that stays longer than this is stuck. */
const STOP_MS = 2000;

function isCurrent() {
  if (!fs.existsSync(BINARY)) return false;
  const built = fs.statSync(BINARY).mtimeMs;
  return fs.readdirSync(SOURCES).every((file) => fs.statSync(path.join(SOURCES, file)).mtimeMs <= built);
}

function build() {
  const args = ['build', '--release', '-p', CRATE];
  const { status, error } = spawnSync('cargo', args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new Error(`cargo ${args.join(' ')} failed: ${error?.message ?? `exit code ${status}`}`);
}

async function startServer() {
  if (!isCurrent()) build();
  const child = start(BINARY, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`bench server: exit code ${code}`))),
  ]);
  const { http: plain, https: tls, h2, ca } = JSON.parse(line);

  return {
    origins: { plain, tls, h2 },
    ca,
    login: () => post(`${plain}/control/login`),
    expire: (session) => post(`${plain}/control/expire?session=${session}`),
    stats: (session) => post(`${plain}/control/stats?session=${session}`),
    cpuUs: () => cpuUs(child.pid),
    async stop() {
      const gone = once(child, 'exit');
      const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await gone;
      clearTimeout(stuck);
    },
  };
}

async function post(url) {
  const request = http.request(url, { method: 'POST', agent: false }).end();
  const [response] = await once(request, 'response');
  const body = (await response.setEncoding('utf8').toArray()).join('');
  if (response.statusCode !== 200) throw new Error(`bench server: ${response.statusCode}`);
  return JSON.parse(body);
}

/** CPU time a process has used, from the kernel's own count of 10 ms ticks; null where there is none. */
function cpuUs(pid) {
  try {
    const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10_000;
  } catch {
    return null;
  }
}

module.exports = { startServer };
