'use strict';

// The callbacks that a request waits for. They answer at once.

const { NativeAnswer } = require('../crossing/native-answer.js');
const { observe } = require('./observe.js');

/** @import { Callbacks } from './callbacks.js' */

/** Visible ASCII, with spaces only between other characters. */
const ONE_LINE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

class Requests {
  #all;

  /** @param {Callbacks} all */
  constructor(all) {
    this.#all = all;
  }

  format(environment, number, token) {
    try {
      const value = this.#all.user.format(token);
      if (typeof value === 'string' && ONE_LINE.test(value)) return environment.reply(number, value);
      observe(value);
      throw new TypeError('header.format must return a line of visible ASCII');
    } catch (error) {
      this.#all.failed(environment, number, error);
    }
  }

  isSessionExpired(environment, number, session, status, head, body, networkError) {
    let opinion;
    try {
      const failure = this.#failureOf(status, head, body, networkError);
      const answer = this.#all.user.isSessionExpired(failure);
      if (observe(answer)) throw new TypeError('isSessionExpired must return a boolean, not a promise');
      opinion = Boolean(answer);
    } catch (error) {
      this.#all.hooks.report(error, 'isSessionExpired', session);
    }
    environment.reply(number, opinion);
  }

  /** The argument of `isSessionExpired`. `data` is parsed if the answer says that it is JSON. */
  #failureOf(status, head, body, networkError) {
    if (status === 0) {
      const error = this.#all.crossing.errorWithoutCause(networkError);
      return { status, data: undefined, headers: new Headers(), url: head, error };
    }
    const answer = new NativeAnswer([status, head, body]);
    const headers = new Headers();
    answer.appendHeaders(headers);
    return { status, data: body === null ? undefined : parsed(body, headers), headers, url: answer.url };
  }

  /** Replies with the headers that subscribers want in this try. */
  beginTry(environment, number, request, attempt, replays, retries, generation) {
    const traced = this.#all.traced.get(request);
    const runsCode = this.#all.user.transport !== undefined;
    environment.reply(number, traced?.begin(attempt, replays, retries, generation, runsCode) ?? '');
  }

  endTry(_environment, _number, request, status, errorCode) {
    this.#all.traced.get(request)?.end(status, errorCode);
  }
}

function parsed(body, headers) {
  const text = body.toString('utf8');
  if (!/[/+]json\b/i.test(headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

exports.Requests = Requests;
