'use strict';

const { parseUrl } = require('../../options/check.js');

/** `response.request` and `error.request`: the properties of Node's ClientRequest that programs read. */
class FakeClientRequest {
  #href;

  /** Redirects may change both; see `answered`. */
  constructor(method, href) {
    this.method = method;
    this.#href = href;
    this.res = undefined;
  }

  answered({ url, status, becameGet }) {
    this.#href = url;
    if (becameGet) this.method = 'GET';
    const fragment = url.indexOf('#');
    this.res = { responseUrl: fragment < 0 ? url : url.slice(0, fragment), statusCode: status };
  }

  get protocol() {
    return this.#url?.protocol;
  }

  get host() {
    return this.#url?.hostname;
  }

  get path() {
    return this.#url && this.#url.pathname + this.#url.search;
  }

  get #url() {
    return parseUrl(this.#href) ?? undefined;
  }
}

exports.FakeClientRequest = FakeClientRequest;
