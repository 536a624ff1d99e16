'use strict';

// Node's own fetch, as it comes: its dispatcher opens as many sockets as there are requests.

function create({ origin, tokens }) {
  const options = { headers: { authorization: `Bearer ${tokens.accessToken}` } };
  return {
    async fetch(path) {
      const response = await globalThis.fetch(origin + path, options);
      if (response.status !== 200) throw new Error(`status ${response.status}`);
      return response.json();
    },
  };
}

module.exports = { create };
