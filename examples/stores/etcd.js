'use strict';

// Sessions in etcd 3.4 or later, over its JSON gateway, without a package. Copy it into your program.
//
//   const store = etcdStore('https://etcd.example.com:2379', { ca, cert, key });
//   const client = new TokenClient({ baseURL, refresh, store });

const http = require('node:http');
const https = require('node:https');
const readline = require('node:readline');
const { json } = require('node:stream/consumers');

const base64 = (text) => Buffer.from(text).toString('base64');
const text = (base64) => Buffer.from(base64, 'base64').toString();

/**
 * @param {string} url  of one member, or of a load balancer
 * @param {{ prefix?: string, timeout?: number } & https.RequestOptions} [options]  `timeout`: for one call, ms. Others, as
 *   certificates and headers, go to `https.request`
 */
function etcdStore(url, { prefix = 'token-rotator/', timeout = 2_000, ...tls } = {}) {
  const { Agent, request } = url.startsWith('https:') ? https : http;
  const agent = new Agent({ keepAlive: true });
  // Two keys for a session, so that a transaction can compare the version alone.
  const [versions, records] = [`${prefix}version/`, `${prefix}record/`];

  const post = (path, body, options) =>
    new Promise((resolve, reject) => {
      // A member that has lost its leader must end a watch: otherwise the watch would be silent.
      const headers = { ...tls.headers, 'grpc-metadata-hasleader': 'true' };
      const sent = request(new URL(path, url), { method: 'POST', ...tls, ...options, headers }, resolve);
      sent.once('error', reject).end(JSON.stringify(body));
    });
  const transact = async (body) => {
    const response = await post('/v3/kv/txn', body, { agent, signal: AbortSignal.timeout(timeout) });
    const answer = await json(response);
    if (response.statusCode !== 200)
      throw new Error(`etcd answered ${response.statusCode}: ${answer.message}`);
    return answer;
  };

  return {
    async read(session) {
      // One transaction, so that both are of the same write. It is linearizable, as everything but `serializable` is.
      const get = (key) => ({ request_range: { key: base64(key + session) } });
      const { responses } = await transact({ success: [get(versions), get(records)] });
      const [version, record] = responses.map(({ response_range: { kvs } }) => kvs && text(kvs[0].value));
      return version === undefined ? null : { record, version };
    },

    async compareAndSet(session, { record, version }, expected) {
      const key = base64(versions + session);
      const compare =
        expected === null
          ? { key, target: 'CREATE', result: 'EQUAL', create_revision: '0' }
          : { key, target: 'VALUE', result: 'EQUAL', value: base64(expected) };
      const put = (key, value) => ({ request_put: { key: base64(key + session), value: base64(value) } });
      const success = [put(versions, version), put(records, record)];
      return (await transact({ compare: [compare], success })).succeeded === true;
    },

    async watch(changed, lost) {
      const ending = new AbortController();
      // From the prefix to the first key after it: `0` is the character after `/`.
      const range = { key: base64(versions), range_end: base64(versions.replace(/\/$/, '0')) };
      const response = await post('/v3/watch', { create_request: range }, { signal: ending.signal });
      // A connection that breaks without a word is found out.
      response.socket.setKeepAlive(true, 30_000);
      return new Promise((resolve, reject) => {
        const end = () => ending.abort();
        const gone = (cause) => {
          const error = new Error('etcd ended the watch', { cause });
          for (const tell of [reject, lost, end]) tell(error);
        };
        response.on('close', () => gone());
        const lines = readline.createInterface({ input: response });
        // It passes on errors of the response.
        lines.on('error', gone).on('line', (line) => {
          const { result, error } = JSON.parse(line);
          if (result === undefined || result.canceled) return gone(error ?? result.cancel_reason);
          for (const { kv } of result.events ?? []) changed(text(kv.key).slice(versions.length));
          // The first line says that the watch has begun: writes from now on are told.
          resolve(end);
        });
      });
    },
  };
}

module.exports = { etcdStore };
