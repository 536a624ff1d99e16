'use strict';

// Calls the program's logger and hooks. Nothing that they throw changes the outcome of a request.

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

  /** Calls a hook, if there is one. Resolves when its promise has settled, also if it rejects. */
  guarded(hook, work, ...args) {
    if (work === undefined) return Promise.resolve();
    // The executor runs at once, and an error that the hook throws rejects the promise.
    const called = new Promise((resolve) => resolve(work(...args)));
    return called.then(
      () => {},
      (error) => this.report(error, hook),
    );
  }

  /** Without a logger, a process warning names the hook; its error may hold tokens. */
  report = (error, hook) => {
    if (typeof this.#logger?.error === 'function') return this.error(`${hook} threw:`, error);
    process.emitWarning(`${hook} threw; set logger to see what`, { code: 'TOKEN_ROTATOR_HOOK' });
  };

  #say(level, ...line) {
    try {
      this.#logger?.[level]?.(...line);
    } catch {
      // There is no other place to report a logger that throws.
    }
  }
}

/** A copy of an HTTP client's error without its request and answer, because these hold tokens. */
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
