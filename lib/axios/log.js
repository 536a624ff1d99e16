'use strict';

// Calls the program's logger and hooks. Nothing that they throw changes the outcome of a request.

const { read } = require('../callbacks/refresh-evidence.js');

/** @typedef {import('../../index').Logger} Logger */

class Log {
  #logger;

  /** @param {Logger | undefined} logger */
  constructor(logger) {
    this.#logger = logger;
  }

  /** @param {'debug' | 'error'} level @param {string} line @param {unknown[]} error */
  say(level, line, ...error) {
    try {
      this.#logger?.[level]?.(line, ...error);
    } catch {
      // There is no other place to report a logger that throws.
    }
  }

  /** Calls a hook, if there is one. Resolves when its promise has settled, also if it rejects. */
  async guarded(hook, work, ...args) {
    try {
      await work?.(...args);
    } catch (error) {
      this.report(error, hook);
    }
  }

  /** Without a logger, a process warning names the hook; its error may hold tokens. */
  report = (error, hook) => {
    if (typeof this.#logger?.error === 'function') return this.say('error', `${hook} threw:`, error);
    process.emitWarning(`${hook} threw; set logger to see what`, { code: 'TOKEN_ROTATOR_HOOK' });
  };
}

/** A copy of an HTTP client's error without its request and answer, because these hold tokens. */
function outlined(error) {
  const code = read(error, 'code');
  const status = read(read(error, 'response'), 'status') ?? read(error, 'status');
  const name = String(read(error, 'name') ?? 'Error');
  const outline = new Error(String(read(error, 'message') ?? 'what was thrown is no error'));
  return Object.assign(outline, {
    name,
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
  });
}

exports.Log = Log;
exports.outlined = outlined;
