'use strict';

// A request as the handler of `respond` gets it, and its call.

const { pathOf } = require('../wire.js');
const { readAnswer } = require('./answer.js');

/** The token is left out: the server has judged it, and a handler that prints its request must not print that. */
class ReceivedRequest {
  constructor({ method = '', url = '', headers }, body, params, access) {
    const others = { ...headers };
    delete others.authorization;
    this.method = method;
    this.url = url;
    this.path = pathOf({ url });
    this.params = params;
    this.query = new URLSearchParams(url.slice(this.path.length));
    this.headers = others;
    this.body = body;
    this.subject = access?.session.subject ?? null;
    this.generation = access?.generation ?? null;
  }

  text() {
    return this.body.toString();
  }

  json() {
    return JSON.parse(this.text());
  }
}

/** @param {import('./responses.js').Rule} rule @param {ReceivedRequest} request @returns {Promise<import('./answer.js').Answer>} */
async function answerOf({ answer }, request) {
  return typeof answer === 'function' ? readAnswer(await answer(request)) : answer;
}

/**
 * The answer of a handler that failed. It is a mistake in a test, which must not pass for an API's refusal without a word. No client
 * repeats a request after a 501.
 * @param {import('./responses.js').Rule} rule @param {any} thrown
 */
function failed({ path }, thrown) {
  const said = typeof thrown?.message === 'string' ? thrown.message : String(thrown);
  const text = `the handler of respond('${path.text}') failed: ${said}`;
  process.emitWarning(text, { code: 'TOKEN_ROTATOR_RESPOND', detail: thrown?.stack });
  return readAnswer({ status: 501, body: { error: 'handler_failed', error_description: text } });
}

module.exports = { ReceivedRequest, answerOf, failed };
