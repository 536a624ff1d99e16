'use strict';

// The stores that processes share. Each opens as `{ option, outages, attach, observe, close, … }`: `option` is what worker.js makes
// the client's own of, and `outages` are the times in which the store could not be written. `observe(saw)` calls `saw` with each record that
// is stored from now on, as `History` takes it; stores that cannot tell have none. `observed()` resolves when it has told of all until now.

const path = require('node:path');
const { makeFolder, remove } = require('../../tools/leftovers.js');
const postgres = require('./postgres.js');
const redis = require('./redis.js');
const { Records } = require('./records.js');
const { Sentinel } = require('./sentinel.js');
const { SharedRegister } = require('./register.js');
const disk = require('./small-disk.js');

const COMMON = { outages: Object.freeze([]), attach() {}, observed() {}, close() {} };

/** `faults`: only these strike here, because the others are shown with a store like it. `missing`: why it cannot be opened here. */
const STORES = {
  file: {
    async open() {
      const directory = await makeFolder('token-rotator-chaos-');
      const tokens = path.join(directory, 'tokens');
      const records = new Records(tokens);
      return {
        ...COMMON,
        option: { type: 'file', path: tokens },
        observe: (saw) => records.observe(saw),
        async close() {
          records.close();
          await remove(directory);
        },
      };
    },
  },

  redis: {
    missing: redis.missing,
    async open() {
      const server = await redis.Redis.start();
      const store = serverStore(server, ({ url }) => ({ type: 'redis', url }));
      return { ...store, observe: (saw) => server.observe((text) => saw(text)) };
    },
  },

  postgres: {
    missing: postgres.missing,
    async open() {
      const server = await postgres.Postgres.start();
      const store = serverStore(server, ({ pool }) => ({ type: 'postgres', pool }));
      return { ...store, observe: (saw) => server.observe(saw), observed: () => server.observed() };
    },
  },

  register: {
    async open(random) {
      const register = new SharedRegister(random);
      const observe = (saw) => void (register.observer = saw);
      const attach = (fleet) => register.serve(fleet);
      return { ...COMMON, register, option: { type: 'parent' }, attach, observe };
    },
  },

  sentinel: {
    faults: ['none', 'failover'],
    missing: redis.missing,
    async open() {
      const server = await Sentinel.start();
      const option = ({ url, master }) => ({ type: 'redis', url: [url], sentinel: master });
      return { ...serverStore(server, option), observe: (saw) => server.observe(saw) };
    },
  },

  'small-disk': {
    faults: ['none', 'disk-full'],
    missing: disk.missing,
    async open() {
      const small = await disk.SmallDisk.mount();
      const { outages } = small;
      const option = { type: 'file', path: path.join(small.directory, 'tokens') };
      return { ...COMMON, outages, disk: small, option, close: () => small.close() };
    },
  },
};

function serverStore(server, option) {
  const { outages } = server;
  return { ...COMMON, outages, server, option: option(server), close: () => server.close() };
}

module.exports = { STORES };
