'use strict';

// The stores of examples/stores, with the server that each needs: `startRecipe` once in a test, `openRecipe` in each process.

const { once } = require('node:events');
const path = require('node:path');
const { freePort, startServer } = require('./server.js');

const file = (name) => require(path.join('../../../examples/stores', name));

/** `start` resolves to `{ settings, stop }`; `open` takes the settings, which are plain data. */
const RECIPES = {
  mysql: {
    async start() {
      const started = await startServer(
        {
          name: 'mariadb',
          file: '/usr/sbin/mariadbd',
          packages: 'mariadb-server-core',
          // Without its own tables, which only logins and stored functions need, it starts in a moment.
          args: (directory) => [
            ...[
              '--no-defaults',
              `--datadir=${directory}`,
              `--socket=${directory}/socket`,
              '--skip-networking',
            ],
            ...['--skip-grant-tables', '--innodb-flush-log-at-trx-commit=0', '--innodb-log-file-size=8M'],
          ],
        },
        async (directory) => {
          const settings = { socketPath: `${directory}/socket`, user: 'root', database: 'sessions' };
          const connection = await require('mysql2/promise').createConnection({
            ...settings,
            database: undefined,
          });
          await connection.query('CREATE DATABASE sessions');
          await connection.end();
          return settings;
        },
      );
      const { store, end } = RECIPES.mysql.open(started.settings);
      await store.createTable();
      await end();
      return started;
    },
    open(settings) {
      const pool = require('mysql2/promise').createPool({ connectionLimit: 4, ...settings });
      return { store: file('mysql.js').mysqlStore(pool), end: () => pool.end() };
    },
  },

  dynamodb: {
    async start() {
      const { CreateTableCommand } = require('@aws-sdk/client-dynamodb');
      const server = require('dynalite')({ createTableMs: 0 }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const settings = { endpoint: `http://127.0.0.1:${server.address().port}` };
      const client = dynamo(settings);
      await client.send(new CreateTableCommand(file('dynamodb.js').definition()));
      client.destroy();
      return {
        settings,
        async stop() {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
    open(settings) {
      const client = dynamo(settings);
      return { store: file('dynamodb.js').dynamoStore(client), end: () => client.destroy() };
    },
  },

  etcd: {
    async start() {
      const [port, peers] = [await freePort(), await freePort()];
      const [url, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peers}`];
      return startServer(
        {
          name: 'etcd',
          file: '/usr/bin/etcd',
          packages: 'etcd-server',
          args: (directory) => [
            ...['--data-dir', directory, '--listen-client-urls', url, '--advertise-client-urls', url],
            ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
            ...['--initial-cluster', `default=${peer}`],
          ],
        },
        async () => {
          await file('etcd.js').etcdStore(url).read('any');
          return { url };
        },
      );
    },
    open: ({ url }) => ({ store: file('etcd.js').etcdStore(url), end() {} }),
  },

  ioredis: {
    async start() {
      const { url, stop } = await require('./redis.js').startRedis();
      return { settings: { url }, stop };
    },
    open({ url }) {
      const { Redis } = require('ioredis');
      const redis = new Redis(url);
      return { store: file('ioredis.js').ioredisStore(redis), end: () => redis.quit() };
    },
  },
};

/** The region and the keys mean nothing to dynalite. */
function dynamo(settings) {
  const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
  const credentials = { accessKeyId: 'any', secretAccessKey: 'any' };
  return new DynamoDBClient({ region: 'local', credentials, ...settings });
}

const startRecipe = (name) => RECIPES[name].start();
const openRecipe = (name, settings) => RECIPES[name].open(settings);

module.exports = { RECIPES: Object.keys(RECIPES), openRecipe, startRecipe };
