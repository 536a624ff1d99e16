'use strict';

// What a program around an axios instance has: a refresh function, a storage. Usable in child processes.

const axios = require('axios');

/** On an axios of its own, as token-refresh's README advises. */
function refreshAt(server) {
  return async (refreshToken) => {
    const { data } = await axios.post(
      server.tokenEndpoint,
      new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    );
    return { accessToken: data.access_token, refreshToken: data.refresh_token };
  };
}

/** A program's own storage; `delay` is what it waits for, `{ reads, writes }` what was asked of it. */
function storage(tokens = null, { delay = async () => {} } = {}) {
  const shelf = {
    held: tokens && { ...tokens },
    reads: 0,
    writes: [],
    callbacks: {
      async getTokens() {
        shelf.reads += 1;
        const found = shelf.held;
        await delay();
        return found;
      },
      async setTokens(written) {
        shelf.writes.push(written);
        await delay();
        shelf.held = written;
      },
    },
  };
  return shelf;
}

/** What a promise was rejected with; throws if it was not. */
function failure(promise) {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

/** The outcome of each: a status, or the error. */
function outcomes(promises) {
  return Promise.all(
    promises.map((promise) =>
      promise.then(
        ({ status }) => status,
        (error) => error,
      ),
    ),
  );
}

/** A promise and its ends. */
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

module.exports = { deferred, failure, outcomes, refreshAt, storage };
