'use strict';

// One request, as the channels tell of it.

const { sinceStart } = require('../clock.js');
const { readHeaders } = require('../options/headers.js');
const { requests, tellEnd, tellStart, tellWhole, thread, tries } = require('./channels.js');

/** Codes of Node and undici are constants like this; any other text could be a secret. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

class TracedRequest {
  #message;
  /** The try under way. @type {any} */
  #try;
  /** How code that belongs to that try is run. @type {import('./channels.js').Run | undefined} */
  #run;
  #counts = { replays: 0, retries: 0 };

  /** @param {{ via: string, client: number, session: string, method: string, url: string }} what  as messages have it */
  constructor({ via, client, session, method, url }) {
    this.#message = {
      ...{ id: (thread.requests += 1), via, client, session, method, url },
      ...{ attempts: 0, replays: 0, status: undefined, outcome: undefined, errorCode: undefined },
      ...{ startedAt: sinceStart(), duration: undefined },
    };
    tellStart(requests, this.#message);
  }

  /**
   * A try is about to be sent.
   * @param {number} attempt @param {number} replays @param {number} retries @param {number | null} generation
   * @param {boolean} [runsCode]  code of the program sends it, see `within`. Else the context is not kept, which takes 13 µs.
   * @returns {string}  lines of the headers that subscribers want in it
   */
  begin(attempt, replays, retries, generation, runsCode = false) {
    const cause = this.#cause(attempt, replays, retries);
    Object.assign(this.#message, { attempts: attempt, replays });
    const message = {
      ...{ request: this.#message, attempt, cause, generation: generation ?? undefined, headers: {} },
      ...{ status: undefined, errorCode: undefined, startedAt: sinceStart(), duration: undefined },
    };
    this.#try = message;
    this.#run = runsCode ? tellWhole(tries, message) : void tellStart(tries, message);
    return linesOf(message.headers);
  }

  /** The same for a try that JavaScript sends: from a header's name to its value, or its values. */
  beginHere(attempt, replays, generation) {
    /** @type {Map<string, string | string[]>} */
    const headers = new Map();
    const lines = this.begin(attempt, replays, 0, generation).split('\n');
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const before = headers.get(lines[i]);
      headers.set(lines[i], before === undefined ? lines[i + 1] : [before, lines[i + 1]].flat());
    }
    return headers;
  }

  /** Calls user code that belongs to the try under way, so that spans which it makes are children of the try's. @param {() => any} work */
  within(work) {
    return this.#run === undefined ? work() : this.#run(work);
  }

  #cause(attempt, replays, retries) {
    const before = this.#counts;
    this.#counts = { replays, retries };
    if (attempt === 1) return 'first';
    if (replays > before.replays) return 'replay';
    return retries > before.retries ? 'retry' : 'again';
  }

  /** @param {number | null} status @param {string | null} [errorCode] */
  end(status, errorCode) {
    const message = this.#try;
    if (message === undefined) return;
    this.#try = undefined;
    message.status = status ?? undefined;
    message.errorCode = errorCode ?? undefined;
    tellEnd(tries, message);
  }

  /** The caller gets this answer. */
  answered({ status, attempts, replays }) {
    this.end(status);
    this.#finish({ status, attempts, replays, outcome: 'answered' });
  }

  /** The caller gets this error. @param {unknown} error @param {boolean} aborted  by the caller */
  failed(error, aborted) {
    const errorCode = aborted ? 'ABORT_ERR' : codeOf(error);
    this.end(null, errorCode);
    this.#finish({ outcome: aborted ? 'aborted' : 'failed', errorCode });
  }

  /** Once, because a handler of undici that throws at the end gets an error after it. */
  #finish(facts) {
    if (this.#message.outcome !== undefined) return;
    Object.assign(this.#message, facts);
    tellEnd(requests, this.#message);
  }
}

/** @param {any} error */
function codeOf(error) {
  const code = error?.code;
  return typeof code === 'string' && CODE.test(code) ? code : 'UNKNOWN';
}

let hasWarned = false;

/** A subscriber's mistake must fail no request, and a header that is none must not take `traceparent` down with it. */
function linesOf(headers) {
  const all = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  return all
    .map(([name, value]) => linesOfOne(name, value))
    .filter((lines) => lines !== '')
    .join('\n');
}

function linesOfOne(name, value) {
  try {
    return readHeaders([[name, value]]);
  } catch {
    if (!hasWarned) {
      process.emitWarning('a subscriber of token-rotator:try has set a header that is none; it is left out', {
        code: 'TOKEN_ROTATOR_HOOK',
      });
    }
    hasWarned = true;
    return '';
  }
}

/** Without credentials, query and fragment, which may hold secrets. @param {string} href @param {string} [base] */
function shownUrl(href, base) {
  try {
    const { protocol, origin, pathname } = resolve(href, base);
    // The path of another URL is all that follows its scheme. A `data:` URL would show its content, and `user:password` itself.
    return /^https?:$/.test(protocol) ? origin + pathname : '';
  } catch {
    // The request will fail with what is wrong with it.
    return '';
  }
}

/** The parser of URLs ignores these before a URL, and the last three anywhere in it. `resolve` would take them for a path. */
const IGNORED = /^[\0- ]+|[\t\n\r]/g;

/** As `Origins::resolve` in Rust does. */
function resolve(reference, base) {
  const href = reference.replace(IGNORED, '');
  const isPath = /^(?:[/\\](?![/\\])|(?![a-z][a-z0-9+.-]*:)[^/\\?#])/i.test(href);
  if (base === undefined || !isPath) return new URL(href, base);
  return new URL(`${base.replace(/\/+$/, '')}/${href.replace(/^[/\\]/, '')}`);
}

exports.TracedRequest = TracedRequest;
exports.shownUrl = shownUrl;
