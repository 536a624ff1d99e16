'use strict';

// TokenClient: checks what users pass, lets Rust do the work, and makes what users get.

const { NativeClient, NativeSession, uploads } = require('./crossing/environment.js');
const { isReason } = require('./crossing/abort.js');
const { NativeAnswer } = require('./crossing/native-answer.js');
const { errorFromNative, errorWithoutCause, keep, nativeResult } = require('./crossing/native-errors.js');
const { NativeRequest, send, sendError } = require('./crossing/native-request.js');
const { HttpError, StoreError, invalidOption, rejectOption } = require('./errors.js');
const { ForeignHeader } = require('./foreign-header.js');
const { readRequestOptions } = require('./options/request.js');
const { HttpResponse } = require('./response/response.js');

/** In the order of the native `stats`. */
const STATS = [
  ...['requests', 'replays', 'retries', 'queued', 'queuePeak', 'rotations', 'rotationsFailed', 'adopted'],
  ...['reuseSuspected', 'ambiguous', 'persistRetries', 'sessions', 'leaseWaits', 'leaseWaitMs'],
  ...['reclaimed', 'fenced', 'orphanIntents', 'candidates'],
];

/** For files that come late and must share the state of these. */
const crossing = { errorFromNative, errorWithoutCause, keep, uploads };

/** For a client of lib/axios, which no user can make: while nobody is logged in, requests go out without a token. */
class AnonymousPolicy {
  anonymous = true;
  /** A refresh that fails leaves nobody logged in. */
  forgets = false;
  /** How long one call of `getTokens` or `setTokens` is waited for, ms. Default: `refreshTimeout`. @type {number | undefined} */
  storeTimeout;
}

/** Loaded with the first client, so that the package itself loads sooner. @type {typeof import('./tracing/channels.js')} */
let channels;

/** What `authoriser.js` needs of a TokenClient, and no user may have. Undefined for any other value. */
let internalsOf;

class TokenClient {
  /** @type {import('./crossing/environment.js').NativeSession} */
  #native;
  /** The part of a client that all its sessions share. */
  #shared;
  /** @type {typeof globalThis.fetch | undefined} */
  #fetch;

  static {
    internalsOf = (client) => {
      if (typeof client !== 'object' || client === null || !(#native in client)) return undefined;
      const { callbacks, headerName, replay, foreign } = client.#shared;
      const exchange = (href, request) => client.#exchange(href, request);
      return { native: client.#native, callbacks, headerName, replay, foreign, exchange };
    };
  }

  /** `internal`, which no user can make: a policy, or the native session of a client whose `#shared` is then `options`. */
  constructor(options, internal) {
    if (internal instanceof NativeSession) {
      this.#native = internal;
      this.#shared = options;
      return;
    }
    // Loaded here, so that the package itself loads sooner. After jest's `resetModules` a file that comes late is another copy, so
    // that it must share no state with the files that are there.
    const { readClientOptions } = require('./options/client.js');
    channels ??= require('./tracing/channels.js');
    const { Callbacks } = require('./callbacks/callbacks.js');
    const { settings, callbacks } = readClientOptions(options);
    // The file is read with the first https request. In JavaScript, because a worker's environment is a copy.
    settings.transport.tls.extraCa = process.env.NODE_EXTRA_CA_CERTS;
    if (internal instanceof AnonymousPolicy) Object.assign(settings.session, internal);
    const { throwHttpErrors, retry, replay, fetchRedirect, header } = settings;
    const hasGrant = settings.grant !== undefined;
    const shared = { throwHttpErrors, retry, replay, fetchRedirect, hasGrant, headerName: header.name };
    shared.baseURL = settings.baseUrl;
    shared.foreign = new ForeignHeader(header.name, settings.foreignHeader);
    this.#shared = { callbacks: new Callbacks(callbacks, crossing), ...shared };
    try {
      this.#native = new NativeClient(this.#shared.callbacks, settings).open(settings.session.key);
    } catch (error) {
      throw rejectOption(error.message);
    } finally {
      for (const key of settings.made ?? []) key.fill(0);
    }
  }

  request(url, options) {
    return this.#request(url, undefined, options);
  }

  get(url, options) {
    return this.#request(url, 'GET', options);
  }

  head(url, options) {
    return this.#request(url, 'HEAD', options);
  }

  delete(url, options) {
    return this.#request(url, 'DELETE', options);
  }

  post(url, body, options) {
    return this.#request(url, 'POST', options, body);
  }

  put(url, body, options) {
    return this.#request(url, 'PUT', options, body);
  }

  patch(url, body, options) {
    return this.#request(url, 'PATCH', options, body);
  }

  /** Bound, and made when somebody asks, because most sessions are never asked. */
  get fetch() {
    if (this.#fetch === undefined) {
      // Loaded here, because it loads the platform's fetch classes.
      const { makeFetch } = require('./fetch.js');
      const newRequest = () => {
        const request = new NativeRequest('GET');
        request.redirect = this.#shared.fetchRedirect;
        return request;
      };
      this.#fetch = makeFetch((href, request) => this.#exchange(href, request), newRequest);
    }
    return this.#fetch;
  }

  async #request(url, method, options, body) {
    const { callbacks, retry, throwHttpErrors } = this.#shared;
    const href = typeof url === 'string' ? url : readUrl(url);
    const request = readRequestOptions(method, options, body, retry);
    let answer;
    // As in `#exchange`, whose promise would be one more for each request that waits.
    try {
      answer = channels.isTraced()
        ? await this.#traced(href, request)
        : new NativeAnswer(await send(this.#native, callbacks, href, request));
    } catch (error) {
      throw sendError(error, request.signal, this.#native);
    }
    const response = new HttpResponse(answer, request.signal);
    const { status } = answer;
    if ((request.throwHttpErrors ?? throwHttpErrors) && (status < 200 || status > 399)) {
      const cause = response.replayError;
      throw new HttpError(`the server answered with status ${status}`, { response, cause });
    }
    return response;
  }

  /**
   * For `fetch` and other HTTP clients, which read options and answers in their own way. Their requests may have headers that the
   * program did not write.
   */
  async #exchange(href, request) {
    try {
      const answer = channels.isTraced()
        ? await this.#traced(href, request)
        : new NativeAnswer(await send(this.#native, this.#shared.callbacks, href, request));
      if (answer.isForeign) this.#shared.foreign.tell();
      return answer;
    } catch (error) {
      throw sendError(error, request.signal, this.#native);
    }
  }

  /** Throws what users get. */
  async #traced(href, request) {
    const { TracedRequest, shownUrl } = require('./tracing/traced-request.js');
    const { callbacks, baseURL } = this.#shared;
    const session = this.#native.client.key(this.#native.number);
    const url = shownUrl(href, baseURL);
    const { client } = callbacks;
    const traced = new TracedRequest({ via: 'client', client, session, method: request.method, url });
    // Rust would ask before each try for headers that nobody sets.
    const heard = channels.tries.hasSubscribers ? traced : undefined;
    try {
      const answer = new NativeAnswer(await send(this.#native, callbacks, href, request, heard));
      traced.answered(answer);
      return answer;
    } catch (raw) {
      const error = sendError(raw, request.signal, this.#native);
      traced.failed(error, isReason(error, request.signal));
      throw error;
    }
  }

  async getAccessToken(options) {
    this.#shared.callbacks.assertNotInside();
    const validFor = options === undefined ? 0 : require('./options/client.js').readValidFor(options);
    const token = this.#native.client.accessToken(this.#native.number, validFor);
    // Awaited, because a pending call is all that keeps a client whose callbacks bring the token.
    return typeof token === 'string' ? token : await nativeResult(token, this.#native);
  }

  async getTokens() {
    this.#shared.callbacks.assertNotInside();
    const tokens = await nativeResult(this.#native.client.tokens(this.#native.number), this.#native);
    return tokens === null ? null : require('./tokens.js').tokensFromArray(tokens);
  }

  async setTokens(tokens) {
    this.#shared.callbacks.assertNotInside();
    const { readOptionTokens } = require('./options/client.js');
    const native = tokens === null ? undefined : readOptionTokens(tokens, 'login');
    await this.#changed(
      native ? 'login' : 'logout',
      this.#native.client.setTokens(this.#native.number, native),
    );
  }

  async revoke() {
    this.#shared.callbacks.assertNotInside();
    if (!this.#shared.hasGrant) throw rejectOption('revoke needs the option grant');
    await this.#changed('logout', this.#native.client.revoke(this.#native.number));
  }

  /** Waits for a login or a logout. One that could not be stored yet counts all the same. */
  async #changed(event, promise) {
    const tell = () => this.#shared.callbacks.tell(event, this.#native.client.key(this.#native.number));
    try {
      await nativeResult(promise, this.#native);
    } catch (error) {
      if (error instanceof StoreError) tell();
      throw error;
    }
    tell();
  }

  async rotate(options) {
    this.#shared.callbacks.assertNotInside();
    const { readRejected } = require('./options/client.js');
    const tokens = this.#native.client.rotate(this.#native.number, readRejected(options));
    return require('./tokens.js').tokensFromArray(await nativeResult(tokens, this.#native));
  }

  session(key) {
    if (typeof key !== 'string' || key === '' || key.length > 512) {
      throw invalidOption('session', 'a string of 1 to 512 characters');
    }
    return new TokenClient(this.#shared, this.#native.client.open(key));
  }

  stats() {
    const counts = this.#native.client.stats();
    const stats = Object.fromEntries(STATS.map((name, i) => [name, counts[i]]));
    const origins = this.#native.client.originStats().map(({ origin, ...of }) => [origin, of]);
    return { ...stats, origins: Object.fromEntries(origins) };
  }

  async close() {
    this.#shared.callbacks.assertNotInside();
    await nativeResult(this.#native.client.close(this.#native.number), this.#native);
    this.#shared.callbacks.close();
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }
}

function readUrl(url) {
  // By shape, because a URL of another realm is no instance of this realm's class. Read once, because a getter may answer otherwise.
  const href = url?.href;
  if (typeof href !== 'string') throw invalidOption('url', 'a string or a URL');
  return href;
}

module.exports = { AnonymousPolicy, TokenClient, internalsOf };
