'use strict';

// The answers that a test has asked for. The latest one that fits is given, so that a test can override what `beforeEach` asked for.

const { Path } = require('./path.js');
const { readAnswer } = require('./answer.js');

/** @typedef {import('./answer.js').Answer} Answer */
/** @typedef {{ path: InstanceType<typeof Path>, answer: Answer | Function, wantsToken: boolean, times: number, hits: number }} Rule */

class Responses {
  /** The latest first. @type {Rule[]} */
  #rules = [];

  add(path, answer, options = {}) {
    const { times, token } = readOptions(options);
    const read = new Path(path);
    /** @type {Rule} */
    const rule = {
      ...{ path: read, wantsToken: token, times, hits: 0 },
      answer: typeof answer === 'function' ? answer : named(read, () => readAnswer(answer)),
    };
    this.#rules.unshift(rule);
    return {
      get hits() {
        return rule.hits;
      },
      cancel: () => this.#drop(rule),
    };
  }

  clear() {
    this.#rules = [];
  }

  /** The answer for a request, without taking it. */
  find(method, pathname) {
    for (const rule of this.#rules) {
      const params = rule.path.match(method, pathname);
      if (params !== undefined) return { rule, params };
    }
    return undefined;
  }

  /** The same, counted. */
  take(method, pathname) {
    const found = this.find(method, pathname);
    if (found === undefined) return undefined;
    found.rule.hits += 1;
    if (found.rule.hits >= found.rule.times) this.#drop(found.rule);
    return found;
  }

  #drop(rule) {
    this.#rules = this.#rules.filter((it) => it !== rule);
  }
}

/** Says which call of `respond` was wrong. */
function named({ text }, read) {
  try {
    return read();
  } catch (error) {
    throw new TypeError(`respond('${text}'): ${error.message}`, { cause: error });
  }
}

function readOptions(options) {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('respond: options must be an object');
  const { times = Infinity, token = true, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`respond: unknown option "${unknown}"`);
  if (!(times === Infinity || (Number.isInteger(times) && times > 0))) {
    throw new TypeError('respond: option "times" must be a positive whole number or Infinity');
  }
  if (typeof token !== 'boolean') throw new TypeError('respond: option "token" must be a boolean');
  return { times, token };
}

module.exports = { Responses };
