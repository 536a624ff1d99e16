'use strict';

// What a row of the behaviour table is run against: npm's token-refresh itself, which shows that the test says what its
// users have today, and this package under the same names, on axios' own adapter and on ours.

const axios = require('axios');
const tokenRefresh = require('token-refresh');
const { TokenClient } = require('../../../index.js');
const tokenRotator = require('../../../lib/axios.js');

/** `original`: it has the bugs. `adapter(server)`: what instances send with; undefined for axios' own. */
const WAYS = [
  { name: 'token-refresh', original: true, library: tokenRefresh, adapter: () => undefined },
  { name: 'token-rotator/axios', original: false, library: tokenRotator, adapter: () => undefined },
  { name: 'token-rotator/axios on axiosAdapter', original: false, library: tokenRotator, adapter: wire },
];

/** A client that only carries requests: its own header is none that the server looks at, and it judges no answer. */
function wire(...servers) {
  const client = new TokenClient({
    allowedOrigins: servers.map(({ url }) => url),
    header: { name: 'x-wire' },
    tokens: { accessToken: 'wire' },
    refresh: () => Promise.reject(new Error('the wire rotates nothing')),
    isSessionExpired: () => false,
    retry: false,
  });
  return tokenRotator.axiosAdapter(client, { axios });
}

const rows = (ways) => ways.map((way) => [way.name, way]);

module.exports = {
  /** For `describe.each`. */
  WAYS: rows(WAYS),
  ORIGINAL: WAYS[0],
  OURS: rows(WAYS.slice(1)),
};
