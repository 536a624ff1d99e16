'use strict';

// A `refresh` that throws what HTTP clients throw: the answer's status, headers and body.

const { withResolvers } = require('./misbehaviours.js');

/** `issued` is shown the answer; `around` may take part before and after. */
function refreshBy(server, issued) {
  return async (refreshToken, { signal }) => {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' });
    const response = await fetch(server.tokenEndpoint, { method: 'POST', body, signal });
    const { status, headers, ok } = response;
    const data = await response.json();
    if (!ok) throw Object.assign(new Error('refused'), { response: { status, headers, data } });
    issued(data.access_token);
    issued(data.refresh_token);
    return data;
  };
}

/** A hook, and a promise of its next call. */
function awaited(implementation = () => {}) {
  let next = withResolvers();
  const hook = jest.fn((...args) => {
    const { resolve } = next;
    next = withResolvers();
    resolve(args[0]);
    return implementation(...args);
  });
  return { hook, next: () => next.promise };
}

module.exports = { awaited, refreshBy };
