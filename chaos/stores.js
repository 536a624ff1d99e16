'use strict';

// The stores that the processes of a world share. Each opens as `{ option, attach, close, … }`: `option` is the client's own.

const { mkdtemp, rm } = require('node:fs/promises');
const os = require('node:os');
const path = require('node:path');
const { Redis, isInstalled } = require('./redis.js');
const { SharedRegister } = require('./shared-register.js');

const STORES = {
  async file() {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'token-rotator-chaos-'));
    return {
      option: { type: 'file', path: path.join(directory, 'tokens') },
      attach() {},
      close: () => rm(directory, { recursive: true, force: true }),
    };
  },

  async register(random) {
    const register = new SharedRegister(random);
    return {
      register,
      option: { type: 'parent' },
      attach: (fleet) => register.serve(fleet),
      close() {},
    };
  },
};

if (isInstalled) {
  STORES.redis = async () => {
    const redis = await Redis.start();
    return { redis, option: { type: 'redis', url: redis.url }, attach() {}, close: () => redis.close() };
  };
}

module.exports = { STORES };
