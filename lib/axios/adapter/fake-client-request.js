'use strict';

/** What axios has of a request that was made: `response.request`, `error.request`. Not Node's ClientRequest, but what is read of it. */
class SentRequest {
  #href;

  /** Where it went is known once there is an answer. */
  constructor(method, href) {
    this.method = method;
    this.#href = href;
    this.res = undefined;
  }

  answered(url, status, redirected) {
    this.#href = url;
    // Whether it has become a GET on the way is not said.
    if (redirected && this.method !== 'GET' && this.method !== 'HEAD') this.method = undefined;
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
    return URL.canParse(this.#href) ? new URL(this.#href) : undefined;
  }
}

module.exports = { SentRequest };
