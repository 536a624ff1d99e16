'use strict';

// Answers that are wrong, or right in a way few servers are: [name, bytes in Latin-1, what becomes of it, more]. Of the
// latter, `end`: the server hangs up after them; `closes`: the client must, as it does after every error; `method`.

const { CUT, NOT_HTTP, TOO_LARGE, either } = require('./hostile.js');

const OK = 'HTTP/1.1 200 OK\r\n';
const TWO = 'content-length: 2\r\n\r\nok';
const CHUNKS = '2\r\nok\r\n0\r\n\r\n';
/** What the next request must not get. */
const STRAY = `${OK}content-length: 5\r\n\r\nstray`;

const GOOD = '200 ok';
/** RFC 9112 leaves it to the client. */
const TOLERATED = either(GOOD, NOT_HTTP);
const TWO_ENDS = 'NetworkError ERR_NETWORK HPE_UNEXPECTED_CONTENT_LENGTH';
const END = { end: true };
const CLOSES = { closes: true };

const statusLine = (line) => `${line}\r\n${TWO}`;
const length = (value) => `${OK}content-length: ${value}\r\n\r\nok`;
const coding = (...values) =>
  `${OK}${values.map((value) => `transfer-encoding: ${value}\r\n`).join('')}\r\n${CHUNKS}`;
const header = (lines) => `${OK}${lines}\r\n${TWO}`;
const bad = (names, make) => names.map((text) => [JSON.stringify(text), make(text), NOT_HTTP]);

const STATUS_LINES = [
  ...bad(['http/1.1 200 OK', 'HTTP/2.0 200 OK', 'HTTP/2 200 OK', 'HTTP/0.9 200 OK'], statusLine),
  ...bad(['HTTP/1.10 200 OK', 'HTTP/11 200 OK', 'HTTP/1,1 200 OK', 'ICY 200 OK', '200 OK'], statusLine),
  ...bad(['HTTP/1.1', 'HTTP/1.1 ', 'HTTP/1.1 OK', 'HTTP/1.1  200 OK', 'HTTP/1.1\t200\tOK'], statusLine),
  ...bad(['HTTP/1.1 000 OK', 'HTTP/1.1 99 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 1000 OK'], statusLine),
  ...bad(['HTTP/1.1 -20 OK', 'HTTP/1.1 +20 OK', 'HTTP/1.1 2e2 OK', 'HTTP/1.1 0x2 OK'], statusLine),
  ...bad([' HTTP/1.1 200 OK', 'HTTP/1.1 200 O\0K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200\0OK'], statusLine),
  ['a later minor version', statusLine('HTTP/1.2 200 OK'), TOLERATED],
  ['no reason', statusLine('HTTP/1.1 200'), GOOD],
  ['an unknown status', statusLine('HTTP/1.1 999 OK'), '999 ok'],
  ['empty lines before it', statusLine('\r\n\r\nHTTP/1.1 200 OK'), TOLERATED],
  ['bare LF after each line', 'HTTP/1.1 200 OK\ncontent-length: 2\n\nok', TOLERATED],
  ['a reason of 300 KiB', statusLine(`HTTP/1.1 200 ${'a'.repeat(300 * 1024)}`), TOLERATED],
  ['cut in the status', 'HTTP/1.1 20', CUT, END],
];

const LENGTHS = [
  ...bad(
    [
      '\r\n 2',
      '2\r\n ',
      '2\r\n 2',
      '-2',
      '+2',
      '0x2',
      '2.0',
      '2e0',
      '2 2',
      '2;a=b',
      '2,',
      ',2',
      '2, 3',
      '\xb2',
      '',
      'two',
    ],
    length,
  ),
  ...bad(['18446744073709551615', '18446744073709551616', '18446744073709551618', '9'.repeat(400)], length),
  ['2^63', length('9223372036854775808'), TOO_LARGE],
  ['2^64 - 3', length('18446744073709551613'), TOO_LARGE],
  ['2^32 + 2', length('4294967298'), TOO_LARGE],
  [
    '2^63 of an answer to HEAD',
    `${OK}content-length: 9223372036854775808\r\n\r\n`,
    '200 ',
    { method: 'head' },
  ],
  ['leading zeros', length('0000000002'), TOLERATED],
  ['the same in one line', length('2, 2'), TOLERATED],
  ['the same in two lines', length('2\r\nContent-Length: 2'), TOLERATED],
  ['another in two lines', length('2\r\nContent-Length: 3'), NOT_HTTP],
  ['another and bad in two lines', length('2\r\nContent-Length: -2'), NOT_HTTP],
  ['none, and the end', `${OK}\r\n`, '200 ', END],
  ['none, and the end after a body', `${OK}connection: close\r\n\r\nok`, GOOD, END],
  ['more than comes', length('3'), CUT, END],
];

// Where both are, the coding counts; by the length, the next request would get what is left. Who sends both is not to be
// trusted with another (RFC 9112 §6.3).
const CODINGS = [
  ['and a length', coding('chunked\r\ncontent-length: 4'), TWO_ENDS],
  ['after a length', `${OK}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n${CHUNKS}`, TWO_ENDS],
  ['and a length that is right', coding(`chunked\r\ncontent-length: ${CHUNKS.length}`), TWO_ENDS],
  ['and a bad length', coding('chunked\r\ncontent-length: x'), TWO_ENDS],
  ['and a length, and a second answer', `${coding('chunked\r\ncontent-length: 4')}${STRAY}`, TWO_ENDS],
  [
    'and a length for HEAD',
    `${OK}transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n`,
    '200 ',
    { method: 'head' },
  ],
  ['in capitals', coding('CHUNKED'), GOOD],
  ['chunked, chunked', coding('chunked, chunked'), TOLERATED],
  ['chunked in two lines', coding('chunked', 'chunked'), TOLERATED],
  ['identity, chunked', coding('identity, chunked'), TOLERATED],
  ['identity and chunked in two lines', coding('identity', 'chunked'), TOLERATED],
  ['gzip, chunked', coding('gzip, chunked'), TOLERATED],
  // Without chunked at the end, the body ends with the connection, whatever the length says.
  ...['xchunked', 'chunked, identity', 'chunked;q=1', '"chunked"', 'chunkedx', '\xa0chunked', 'gzip'].map(
    (name) => [name, coding(`${name}\r\ncontent-length: 2`), either(`200 ${CHUNKS}`, NOT_HTTP), END],
  ),
  [
    'chunked and identity in two lines',
    coding('chunked', 'identity'),
    either(`200 ${CHUNKS}`, NOT_HTTP),
    END,
  ],
  ['after a vertical tab', coding('\vchunked'), NOT_HTTP],
  ['in a folded line', coding('\r\n chunked'), NOT_HTTP],
  ['folded after it', coding('chunked\r\n '), NOT_HTTP],
  ['folded within', coding('chun\r\n ked'), NOT_HTTP],
  ['in the continuation of another line', header(`x-a: 1\r\n transfer-encoding: chunked`), GOOD],
  ['with a space before the colon', header('transfer-encoding : chunked'), NOT_HTTP],
  ['in HTTP/1.0', coding('chunked').replace('HTTP/1.1', 'HTTP/1.0'), either(NOT_HTTP, `200 ${CHUNKS}`), END],
];

const HEADERS = [
  ...bad(['x a: 1', 'x-a : 1', ' x-a: 1', 'x\0a: 1', 'x-\xe9: 1', 'x[a]: 1', ': 1', 'x-a'], header),
  ...bad(['x-a: a\0b', 'x-a: \x07', 'x-a: \x7f', 'x-a: 1\rx-b: 2', 'x-a: 1\r'], header),
  // RFC 9112 §5.2: a client must take a fold for a space.
  ...['x-a: 1\r\n 2', 'x-a: 1\r\n\t2', 'x-a: 1\r\n '].map((text) => [
    JSON.stringify(text),
    header(text),
    GOOD,
  ]),
  ['1 999', header(Array(1_999).fill('x-a: 1').join('\r\n')), GOOD],
  ['two colons', header('x-a:: 1'), GOOD],
  ['bare LF', header('x-a: 1\nx-b: 2'), TOLERATED],
  ['names of Object.prototype', header('__proto__: 1\r\nconstructor: 2'), GOOD],
  ['10 000', header(Array(10_000).fill('x-a: 1').join('\r\n')), NOT_HTTP],
  ['a line of a megabyte', header(`x-a: ${'a'.repeat(1024 * 1024)}`), NOT_HTTP],
  ['a name of a megabyte', header(`${'a'.repeat(1024 * 1024)}: 1`), NOT_HTTP],
  ['cut in a line', `${OK}content-le`, CUT, END],
  ['cut before the empty line', `${OK}content-length: 0\r\n`, CUT, END],
];

const CONNECTIONS = [
  ['close, and the server does not', header(`connection: close`), GOOD, CLOSES],
  ['keep-alive, close', header(`connection: keep-alive, close`), GOOD, CLOSES],
  ['close, then keep-alive', header(`connection: close\r\nconnection: keep-alive`), GOOD, CLOSES],
  ['HTTP/1.0', statusLine('HTTP/1.0 200 OK'), GOOD, CLOSES],
  ['HTTP/1.0 and keep-alive', statusLine('HTTP/1.0 200 OK\r\nconnection: keep-alive'), GOOD],
  ['nothing', '', CUT, END],
];

// A body where none can be, or one answer more, all in one write with the first.
const EXTRA = [
  ['a second answer', `${OK}${TWO}${STRAY}`, GOOD, CLOSES],
  ['the same answer', `${OK}${TWO}${OK}${TWO}`, GOOD, CLOSES],
  ['a second answer after chunks', `${coding('chunked')}${STRAY}`, GOOD, CLOSES],
  ['a second answer after nothing', `${OK}content-length: 0\r\n\r\n${STRAY}`, '200 ', CLOSES],
  [
    'a second answer after HTTP/1.0',
    `HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n${TWO}${STRAY}`,
    GOOD,
    CLOSES,
  ],
  ['a hundred answers', `${OK}${TWO}${STRAY.repeat(100)}`, GOOD, CLOSES],
  ['a piece of an answer', `${OK}${TWO}HTTP/1.1 200`, GOOD, CLOSES],
  ['one byte', `${OK}${TWO}!`, GOOD, CLOSES],
  ['an empty line', `${OK}${TWO}\r\n`, GOOD, CLOSES],
  ['early hints', `${OK}${TWO}HTTP/1.1 103 Early Hints\r\n\r\n`, GOOD, CLOSES],
  ['a timeout', `${OK}${TWO}HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n`, GOOD, CLOSES],
  ['a body of 204', `HTTP/1.1 204 No Content\r\n${TWO}`, '204 ', CLOSES],
  ['an answer as the body of 204', `HTTP/1.1 204 No Content\r\n\r\n${STRAY}`, '204 ', CLOSES],
  ['chunks of 204', coding('chunked').replace('200 OK', '204 No Content'), '204 ', CLOSES],
  ['a coded body of 204', `HTTP/1.1 204 No Content\r\ncontent-encoding: gzip\r\n${TWO}`, '204 ', CLOSES],
  ['a body of 304', `HTTP/1.1 304 Not Modified\r\n${TWO}`, '304 ', CLOSES],
  ['an answer as the body of 304', `HTTP/1.1 304 Not Modified\r\n\r\n${STRAY}`, '304 ', CLOSES],
  ['a body for HEAD', `${OK}${TWO}`, '200 ', { ...CLOSES, method: 'head' }],
  ['chunks for HEAD', coding('chunked'), '200 ', { ...CLOSES, method: 'head' }],
  ['an answer as the body for HEAD', `${OK}\r\n${STRAY}`, '200 ', { ...CLOSES, method: 'head' }],
];

// RFC 9110 §15.2: passed over, and they have no body. 101 ends HTTP on the connection, so nobody may use it again.
const INFORMATIONAL = [
  ['before the answer', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 Own\r\n\r\n${OK}${TWO}`, GOOD],
  ['with a length', `HTTP/1.1 103 Early Hints\r\ncontent-length: 5\r\n\r\n${OK}${TWO}`, GOOD],
  ['a thousand', `${'HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n'.repeat(1000)}${OK}${TWO}`, GOOD],
  ['and the end', 'HTTP/1.1 100 Continue\r\n\r\n', CUT, END],
  ...['', STRAY, '\0\0\0\x04\0\0\0\0\0'].map((after) => [
    `101 unasked, and ${JSON.stringify(after.slice(0, 8))}`,
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n${after}`,
    'NetworkError ERR_NETWORK HPE_PAUSED_UPGRADE',
    CLOSES,
  ]),
];

const OTHER_PROTOCOLS = bad(
  [
    'SSH-2.0-OpenSSH_9.9\r\n',
    '220 mail.example ESMTP\r\n',
    '\x15\x03\x01\0\x02\x02\x28',
    '\0\0\0\x04\0\0\0\0\0',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    '<html>HTTP/0.9</html>',
    'GET / HTTP/1.1\r\nhost: a\r\n\r\n',
    'RTSP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n',
    '+PONG\r\n',
    '{"a":1}\r\n\r\n',
    '\0\0\0\0',
  ],
  (text) => text,
);

module.exports = {
  'status line': STATUS_LINES,
  'content-length': LENGTHS,
  'transfer-encoding': CODINGS,
  headers: HEADERS,
  connection: CONNECTIONS,
  'after the answer': EXTRA,
  '1xx': INFORMATIONAL,
  'another protocol': OTHER_PROTOCOLS,
};
