'use strict';

// A virtual environment for a server from PyPI, below target/conformance/. The versions are those of a file.

const fs = require('node:fs');
const path = require('node:path');
const { run, serve } = require('./processes.js');

const PYTHON = process.env.PYTHON ?? 'python3';

/** Installs what `requirements` names into `folder`, unless that was done. Resolves with the folder of its programs. */
async function pythonEnvironment(folder, requirements) {
  const programs = path.join(folder, 'bin');
  const wanted = fs.readFileSync(requirements, 'utf8');
  const done = path.join(folder, 'installed.txt');
  if (fs.existsSync(done) && fs.readFileSync(done, 'utf8') === wanted) return programs;
  fs.rmSync(folder, { recursive: true, force: true });
  await run(PYTHON, ['-m', 'venv', folder]);
  await run(path.join(programs, 'pip'), ['install', '--quiet', '--no-deps', '-r', requirements]);
  fs.writeFileSync(done, wanted);
  return programs;
}

/**
 * Starts server.py of `source` in an environment of its requirements.txt. It says `{"port": n}` when it serves, and ends with its standard
 * input. Resolves with `{ url, stop }`.
 */
async function pythonServer(folder, source, args) {
  const programs = await pythonEnvironment(folder, path.join(source, 'requirements.txt'));
  const program = path.join(programs, 'python');
  const { ready, stop } = await serve(program, [path.join(source, 'server.py'), ...args], {}, (written) =>
    Number(/"port": (\d+)/.exec(written)?.[1]),
  );
  return { url: `http://127.0.0.1:${ready}`, stop };
}

module.exports = { pythonEnvironment, pythonServer };
