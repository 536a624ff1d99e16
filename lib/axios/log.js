'use strict';

// Lines for people, and hooks: neither can change what becomes of a request.

const { read } = require('../callbacks/refresh-evidence.js');

class Log {
  #logger;

  constructor(logger) {
    this.#logger = logger;
  }

  debug(line) {
    this.#say('debug', line);
  }

  error(line, error) {
    this.#say('error', line, error);
  }

  /** Calls a hook, if there is one. Resolves when what it began has ended, however. */
  guarded(hook, work, ...args) {
    if (work === undefined) return Promise.resolve();
    // Called at once; the executor also takes what it throws.
    const called = new Promise((resolve) => resolve(work(...args)));
    return called.then(
      () => {},
      (error) => this.report(error, hook),
    );
  }

  /** Without a logger, a warning names the hook and nothing that it threw. */
  report = (error, hook) => {
    if (typeof this.#logger?.error === 'function') return this.error(`${hook} threw:`, error);
    process.emitWarning(`${hook} threw; set logger to see what`, { code: 'TOKEN_ROTATOR_HOOK' });
  };

  #say(level, ...line) {
    try {
      this.#logger?.[level]?.(...line);
    } catch {
      // Who cannot be told cannot be told of that either.
    }
  }
}

/** An error of an HTTP client without its request and answer, where tokens are. */
function outlined(error) {
  const code = read(error, 'code');
  const status = read(read(error, 'response'), 'status') ?? read(error, 'status');
  /** @type {Error & { code?: unknown, status?: unknown }} */
  const outline = new Error(String(read(error, 'message') ?? 'what was thrown is no error'));
  outline.name = String(read(error, 'name') ?? 'Error');
  if (code !== undefined) outline.code = code;
  if (status !== undefined) outline.status = status;
  return outline;
}

module.exports = { Log, outlined };
