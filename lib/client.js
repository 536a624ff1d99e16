'use strict';

// TokenClient: checks what comes in, lets Rust do it, and dresses what comes out.

const { Client } = require('../native');
const { unwatch, watch } = require('./abort.js');
const { Callbacks } = require('./callbacks.js');
const { ownCopy } = require('./check.js');
const { register } = require('./dispatch.js');
const { HttpError, fromNative, invalidOption, rejectOption } = require('./errors.js');
const { readClientOptions } = require('./options.js');
const { port } = require('./port.js');
const { readRequestOptions } = require('./request-options.js');
const { HttpResponse } = require('./response.js');
const { recall } = require('./thrown.js');
const { nativeTokens, readTokens, tokensFromArray } = require('./tokens.js');

/** In the order of the native `stats`. */
const STATS = [
  ...['requests', 'replays', 'queued', 'queuePeak', 'rotations', 'rotationsFailed', 'adopted'],
  ...['reuseSuspected', 'ambiguous', 'persistRetries', 'sessions'],
];

let lastRequest = 0;

class TokenClient {
  #native;
  #callbacks;
  #throwHttpErrors;

  constructor(options, internal) {
    if (internal instanceof Session) {
      ({
        native: this.#native,
        callbacks: this.#callbacks,
        throwHttpErrors: this.#throwHttpErrors,
      } = internal);
      return;
    }
    const { settings, callbacks } = readClientOptions(options);
    if (settings.seed !== undefined) settings.seed = nativeTokens(settings.seed);
    this.#callbacks = new Callbacks(callbacks);
    this.#throwHttpErrors = settings.throwHttpErrors;
    try {
      this.#native = new Client(port, register(this.#callbacks), settings);
    } catch (error) {
      throw rejectOption(error.message);
    }
  }

  request(url, options) {
    return this.#send(url, undefined, options);
  }

  get(url, options) {
    return this.#send(url, 'GET', options);
  }

  head(url, options) {
    return this.#send(url, 'HEAD', options);
  }

  delete(url, options) {
    return this.#send(url, 'DELETE', options);
  }

  post(url, body, options) {
    return this.#send(url, 'POST', options, body);
  }

  put(url, body, options) {
    return this.#send(url, 'PUT', options, body);
  }

  patch(url, body, options) {
    return this.#send(url, 'PATCH', options, body);
  }

  async #send(url, method, options, body) {
    const href = typeof url === 'string' ? url : readUrl(url);
    const request = readRequestOptions(method, options, body);
    if (!request.skipAuth) this.#callbacks.assertNotInside();
    let raw;
    try {
      raw =
        options === undefined && body === undefined
          ? await this.#native.send(href, request.method, 0)
          : await this.#sendAll(href, request);
    } catch (error) {
      // The signal's reason is the caller's own, whatever it looks like.
      if (request.signal?.aborted && error === request.signal.reason) throw error;
      throw fromNative(error, recall(error?.[5]));
    }
    const response = new HttpResponse(raw);
    if (
      (request.throwHttpErrors ?? this.#throwHttpErrors) &&
      (response.status < 200 || response.status > 399)
    ) {
      throw new HttpError(`the server answered with status ${response.status}`, { response });
    }
    return response;
  }

  async #sendAll(href, request) {
    const { method, signal, skipAuth, redirect, query, headers, data, timeout } = request;
    const flags = (skipAuth ? 1 : 0) | ((redirect + 1) << 1);
    const rest = [query || undefined, headers || undefined, data, timeout || undefined];
    if (signal === undefined) return this.#native.send(href, method, flags, ...rest);
    if (signal.aborted) throw signal.reason;
    const number = (lastRequest = (lastRequest % 0xffffffff) + 1);
    watch(signal, number);
    try {
      return await this.#native.send(href, method, flags, ...rest, number);
    } catch (error) {
      throw error?.[0] === 'ERR_ABORTED' ? signal.reason : error;
    } finally {
      unwatch(signal, number);
    }
  }

  async getAccessToken() {
    this.#callbacks.assertNotInside();
    return this.#dressed(this.#native.accessToken());
  }

  async getTokens() {
    this.#callbacks.assertNotInside();
    const tokens = await this.#dressed(this.#native.tokens());
    return tokens === null ? null : tokensFromArray(tokens);
  }

  async setTokens(tokens) {
    this.#callbacks.assertNotInside();
    let native;
    try {
      native = tokens === null ? undefined : nativeTokens(readTokens(tokens, 'login'));
    } catch (error) {
      throw rejectOption(`tokens: ${error.message}`, error);
    }
    await this.#dressed(this.#native.setTokens(native));
  }

  async rotate(options) {
    this.#callbacks.assertNotInside();
    const rejected = options === undefined ? undefined : ownCopy(options, 'options').rejected;
    if (rejected !== undefined && typeof rejected !== 'string')
      throw invalidOption('rejected', 'an access token');
    return tokensFromArray(await this.#dressed(this.#native.rotate(rejected)));
  }

  session(key) {
    if (typeof key !== 'string' || key === '' || key.length > 512) {
      throw invalidOption('session', 'a string of 1 to 512 characters');
    }
    return new TokenClient(
      undefined,
      new Session(this.#native.session(key), this.#callbacks, this.#throwHttpErrors),
    );
  }

  stats() {
    const counts = this.#native.stats();
    return Object.fromEntries(STATS.map((name, i) => [name, counts[i]]));
  }

  async close() {
    this.#callbacks.assertNotInside();
    await this.#dressed(this.#native.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }

  /** Awaiting here, rather than passing the promise on, gives errors the caller's async stack. */
  async #dressed(promise) {
    try {
      return await promise;
    } catch (error) {
      throw fromNative(error, recall(error?.[5]));
    }
  }
}

/** Another session of a client: what its constructor takes over. */
class Session {
  constructor(native, callbacks, throwHttpErrors) {
    Object.assign(this, { native, callbacks, throwHttpErrors });
  }
}

function readUrl(url) {
  // By shape: a URL of another realm is no instance of ours.
  if (typeof url?.href !== 'string') throw invalidOption('url', 'a string or a URL');
  return url.href;
}

module.exports = { TokenClient };
