'use strict';

// Sessions in Redis 6 or later, or Valkey, over a client of the package ioredis (`Redis` or `Cluster`). Copy it into your program.
// `store: { type: 'redis' }` does the same without JavaScript; take this one only if the connection must be ioredis' own.
//
//   const store = ioredisStore(new Redis(process.env.REDIS_URL));
//   const client = new TokenClient({ baseURL, refresh, store });

/**
 * KEYS: the session's hash. ARGV: expected version or '', next version, next record, channel, session. Redis runs a script as a whole.
 * A repeat finds its own version, and is done: ioredis sends a command again whose connection broke.
 */
const COMPARE_AND_SET = `
local stored = redis.call('HGET', KEYS[1], 'version') or ''
if stored == ARGV[2] then return 1 end
if stored ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[2], 'record', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1`;

/**
 * @param {import('ioredis').Redis | import('ioredis').Cluster} redis  with `scaleReads` and `enableOfflineQueue` as they are by
 *   default: replicas must not be read, and a connection that subscribes waits until it is there
 * @param {{ prefix?: string }} [options]
 */
function ioredisStore(redis, { prefix = 'token-rotator-sessions:' } = {}) {
  const channel = `${prefix}changed`;
  return {
    async read(session) {
      const [record, version] = await redis.hmget(prefix + session, 'record', 'version');
      return version === null ? null : { record, version };
    },

    async compareAndSet(session, { record, version }, expected) {
      // EVAL and not EVALSHA: after a restart or a failover no script is known.
      const args = [expected ?? '', version, record, channel, session];
      return (await redis.eval(COMPARE_AND_SET, 1, prefix + session, ...args)) === 1;
    },

    async watch(changed, lost) {
      // A connection that subscribes can do nothing else.
      const subscriber = redis.duplicate();
      // ioredis prints errors that no listener takes. `close` comes after each.
      subscriber.on('error', () => {});
      subscriber.on('close', () => lost(new Error('the connection that subscribes was closed')));
      subscriber.on('message', (_channel, session) => changed(session));
      try {
        await subscriber.subscribe(channel);
      } catch (error) {
        subscriber.disconnect();
        throw error;
      }
      return () => subscriber.disconnect();
    },
  };
}

module.exports = { ioredisStore };
