'use strict';

// An axios instance with automatic refresh, wired to a strict server, for the ways of ways.js.
//
//   const { serve, install, forgive } = useWorld();
//   const server = await serve();
//   const shelf = storage(server.login('ada'));
//   const { api, told } = install(way, server, { ...shelf.callbacks, onRefreshed() {} });
//
// `told` lists the callbacks in the order of their calls. Every instance is uninstalled after its test.

const axios = require('axios');
const { useHarness } = require('../../support/harness.js');
const { deferred, failure, outcomes, refreshAt, storage } = require('./wiring.js');

function useWorld() {
  const { serve, allow } = useHarness();
  let installed;
  let servers;
  beforeEach(() => {
    installed = [];
    servers = [];
  });
  afterEach(() => {
    uninstallAll();
  });

  function uninstallAll() {
    for (const uninstall of installed.splice(0)) {
      try {
        uninstall();
      } catch {
        // The original's, if its logger throws.
      }
    }
  }

  return {
    async serve(options) {
      const server = await serve(options);
      servers.push(server);
      return server;
    },

    /** The end of a test in which a bug was met: whatever the servers have counted is as expected. */
    forgive() {
      uninstallAll();
      for (const { ledger } of servers) allow({ reuses: ledger.counts.reuses, lost: ledger.lost.length });
    },

    /** `options` are installAuthRefresh's own and win over what is wired. */
    install(way, server, options = {}, { config = {}, servers = [server] } = {}) {
      const adapter = way.adapter(...servers);
      const api = axios.create({ baseURL: server.url, ...(adapter && { adapter }), ...config });
      const told = [];
      const wired = { ...wiring(server), ...options };
      const { uninstall } = way.library.installAuthRefresh(api, noting(wired, told));
      installed.push(uninstall);
      return { api, told, uninstall };
    },
  };
}

/** Options of a program that has nothing special about it. */
function wiring(server) {
  return {
    refresh: refreshAt(server),
    getTokens: async () => null,
    setTokens: async () => {},
    isSessionExpired: ({ status }) => status === 401,
    isRefreshFailureTerminal: (error) => [400, 401].includes(error?.response?.status),
  };
}

/** The names of callbacks, in the order of their calls. */
function noting(options, told) {
  const noted = {};
  for (const [name, value] of Object.entries(options)) {
    noted[name] =
      typeof value !== 'function'
        ? value
        : (...args) => {
            told.push(name);
            return value(...args);
          };
  }
  return noted;
}

module.exports = { deferred, failure, outcomes, refreshAt, storage, useWorld };
