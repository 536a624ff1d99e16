'use strict';

// TokenClient: checks what comes in, lets Rust do it, and dresses what comes out.

const { Client } = require('../native');
const { unwatch, watch } = require('./crossing/abort.js');
const { Callbacks } = require('./callbacks/callbacks.js');
const { ownCopy } = require('./options/check.js');
const { register } = require('./crossing/dispatch.js');
const { HttpError, invalidOption, rejectOption } = require('./errors.js');
const { reveal } = require('./token-lease.js');
const { readClientOptions } = require('./options/client.js');
const { port } = require('./crossing/environment.js');
const { readRequestOptions } = require('./options/request.js');
const { HttpResponse } = require('./response/response.js');
const { revive, revived } = require('./crossing/native-errors.js');
const { nativeTokens, readTokens, tokensFromArray } = require('./tokens.js');
// Here and in `dispatch.js`, not when it is needed: it has to be the same one, though another copy may be loaded meanwhile.
const uploads = require('./body/uploads.js');

/** In the order of the native `stats`. */
const STATS = [
  ...['requests', 'replays', 'retries', 'queued', 'queuePeak', 'rotations', 'rotationsFailed', 'adopted'],
  ...['reuseSuspected', 'ambiguous', 'persistRetries', 'sessions'],
];

let lastRequest = 0;

class TokenClient {
  #native;
  #callbacks;
  #throwHttpErrors;
  #retry;
  #auth;
  #fetchRedirect;
  #fetch;

  static {
    reveal((client) =>
      typeof client === 'object' && client !== null && #native in client
        ? {
            native: client.#native,
            callbacks: client.#callbacks,
            exchange: (href, request) => client.#exchange(href, request),
            ...client.#auth,
          }
        : undefined,
    );
  }

  constructor(options, internal) {
    if (internal instanceof Session) {
      ({
        native: this.#native,
        callbacks: this.#callbacks,
        throwHttpErrors: this.#throwHttpErrors,
        retry: this.#retry,
        auth: this.#auth,
        fetchRedirect: this.#fetchRedirect,
      } = internal);
      return;
    }
    const { settings, callbacks } = readClientOptions(options);
    if (settings.seed !== undefined) settings.seed = nativeTokens(settings.seed);
    this.#callbacks = new Callbacks(callbacks, settings.share);
    this.#throwHttpErrors = settings.throwHttpErrors;
    this.#retry = settings.retry;
    this.#fetchRedirect = settings.fetchRedirect;
    this.#auth = { headerName: settings.headerName, origins: originsOf(settings) };
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

  /** Bound, and made when somebody asks: most sessions are never asked. */
  get fetch() {
    return (this.#fetch ??= makeFetch((href, request) => this.#exchange(href, request), this.#fetchRedirect));
  }

  async #send(url, method, options, body) {
    const href = typeof url === 'string' ? url : readUrl(url);
    const request = readRequestOptions(method, options, body, this.#retry);
    let raw;
    try {
      const bare = options === undefined && body === undefined;
      raw = await (bare ? this.#bare(href, request) : this.#start(href, request));
    } catch (error) {
      throw thrownBy(error, request.signal);
    }
    const response = new HttpResponse(raw, request.signal);
    if (
      (request.throwHttpErrors ?? this.#throwHttpErrors) &&
      (response.status < 200 || response.status > 399)
    ) {
      const cause = response.replayError;
      throw new HttpError(`the server answered with status ${response.status}`, { response, cause });
    }
    return response;
  }

  /** What `HttpResponse` takes. */
  async #exchange(href, request) {
    try {
      return await this.#start(href, request);
    } catch (error) {
      throw thrownBy(error, request.signal);
    }
  }

  // Neither of these is async: ten thousand waiting requests are as many frames.

  /** A request that is its method, and no more. */
  #bare(href, { method }) {
    this.#callbacks.assertNotInside();
    return this.#native.send(href, method, 0);
  }

  #start(href, request) {
    const { signal, data } = request;
    const streamed = typeof data === 'object' && !ArrayBuffer.isView(data);
    if (signal === undefined && !streamed) return this.#cross(href, request, data);
    return this.#attend(href, request, streamed ? announced(data) : data, streamed);
  }

  /** Sees to the signal and the stream of a request for as long as it takes. */
  async #attend(href, request, body, streamed) {
    const { signal } = request;
    const number = signal && (lastRequest = (lastRequest % 0xffffffff) + 1);
    const abort = () => port.abort(number);
    try {
      if (signal) watch(signal, abort);
      if (signal?.aborted) throw signal.reason;
      return await this.#cross(href, request, body, number);
    } catch (error) {
      throw error?.[0] === 'ERR_ABORTED' ? signal.reason : error;
    } finally {
      if (signal) unwatch(signal, abort);
      if (streamed) uploads.withdraw(body.number);
    }
  }

  #cross(href, { method, skipAuth, redirect, query, headers, timeout, retry }, body, number) {
    if (!skipAuth) this.#callbacks.assertNotInside();
    const flags = (skipAuth ? 1 : 0) | ((redirect + 1) << 1);
    const rest = [query || undefined, headers || undefined, body, timeout || undefined];
    return this.#native.send(href, method, flags, ...rest, number, retry);
  }

  async getAccessToken() {
    this.#callbacks.assertNotInside();
    return revived(this.#native.accessToken());
  }

  async getTokens() {
    this.#callbacks.assertNotInside();
    const tokens = await revived(this.#native.tokens());
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
    await revived(this.#native.setTokens(native));
  }

  async rotate(options) {
    this.#callbacks.assertNotInside();
    const rejected = options === undefined ? undefined : ownCopy(options, 'options').rejected;
    if (rejected !== undefined && typeof rejected !== 'string')
      throw invalidOption('rejected', 'an access token');
    return tokensFromArray(await revived(this.#native.rotate(rejected)));
  }

  session(key) {
    if (typeof key !== 'string' || key === '' || key.length > 512) {
      throw invalidOption('session', 'a string of 1 to 512 characters');
    }
    const native = this.#native.session(key);
    const shared = [this.#callbacks, this.#throwHttpErrors, this.#retry, this.#auth, this.#fetchRedirect];
    return new TokenClient(undefined, new Session(native, ...shared));
  }

  stats() {
    const counts = this.#native.stats();
    return Object.fromEntries(STATS.map((name, i) => [name, counts[i]]));
  }

  async close() {
    this.#callbacks.assertNotInside();
    await revived(this.#native.close());
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }
}

/** Another session of a client: what its constructor takes over. */
class Session {
  constructor(native, callbacks, throwHttpErrors, retry, auth, fetchRedirect) {
    Object.assign(this, { native, callbacks, throwHttpErrors, retry, auth, fetchRedirect });
  }
}

/** Not at the top: it takes the platform's fetch classes, which load when they are first asked for. */
function makeFetch(...args) {
  return require('./fetch.js').makeFetch(...args);
}

/** Those the token may go to. */
function originsOf({ baseUrl, allowedOrigins }) {
  return new Set(baseUrl === undefined ? allowedOrigins : [new URL(baseUrl).origin, ...allowedOrigins]);
}

/** The signal's reason is the caller's own, whatever it looks like. */
function thrownBy(error, signal) {
  return signal?.aborted && error === signal.reason ? error : revive(error);
}

/** A body that is read while it is sent, as Rust takes it. */
function announced(data) {
  const { again, length } = data;
  return { number: uploads.announce(data), length, replayable: again !== undefined };
}

function readUrl(url) {
  // By shape: a URL of another realm is no instance of ours.
  if (typeof url?.href !== 'string') throw invalidOption('url', 'a string or a URL');
  return url.href;
}

module.exports = { TokenClient };
