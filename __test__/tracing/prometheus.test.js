'use strict';

// The text that Prometheus scrapes.

const { prometheusText } = require('../../lib/prometheus.js');
const { clientFor, closeServers, serve } = require('../requests/servers.js');

afterEach(closeServers);

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const SAMPLE = new RegExp(
  `^(${NAME})(?:\\{(?:${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*",?)+\\})? \\d+(?:\\.\\d+)?(?:e-\\d+)?$`,
);

test('every line is one of the format, and each metric stands in one piece', async () => {
  const server = await serve();
  const client = clientFor(server, { session: 'ada@example.com' });
  await client.get('/secret-path?q=1');
  const text = prometheusText({ 'a"b\\c\nd': client, two: client });
  expect(text.endsWith('\n')).toBe(true);
  const order = [];
  for (const line of text.trimEnd().split('\n')) {
    const [, name] = /^# (?:HELP|TYPE) (\S+) \S/.exec(line) ?? SAMPLE.exec(line) ?? [];
    expect([line, name]).toEqual([line, expect.stringMatching(/^token_rotator_/)]);
    if (order.at(-1) !== name) order.push(name);
  }
  expect(new Set(order).size).toBe(order.length);
  expect(text).toContain('token_rotator_requests_total{client="a\\"b\\\\c\\nd"} 1\n');
  expect(text).toContain(`token_rotator_origin_requests_total{client="two",origin="${server.url}"} 1\n`);
  for (const secret of ['ada', 'secret-path', 'marker']) expect(text).not.toContain(secret);
});

test('one client has no label, and every count of `stats` is there', async () => {
  const client = clientFor(await serve());
  const text = prometheusText(client);
  expect(text).toContain('# TYPE token_rotator_sessions gauge\ntoken_rotator_sessions 1\n');
  const { origins, ...counts } = client.stats();
  expect(text.match(/^# TYPE/gm)).toHaveLength(Object.keys(counts).length);
  expect(origins).toEqual({});
  expect(prometheusText.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
});

test.each([undefined, null, 'client', { a: {} }])('no client: %p', (wrong) => {
  expect(() => prometheusText(wrong)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
});
