'use strict';

// A server that ends connections, in a process of its own, for `lost/index.js`. It counts how often each `POST` is applied.
// Its parent sends { scenario } and gets { port }, and later 'stop' and gets { applied: { id: times } }.

const net = require('node:net');

/** How long bytes take from here to the client and back to here, each way, where a scenario is far away. */
const DISTANCE_MS = 40;

/** `answered(end, state)` is called after each answer; `end()` closes the connection. */
const SCENARIOS = {
  'with the answer': { answered: (end) => end() },
  'right after the answer': { answered: (end) => setImmediate(end) },
  'with a reset': { answered: (end, socket) => setImmediate(() => socket.resetAndDestroy()) },
  'at random': { answered: (end) => setTimeout(end, Math.random() * 20) },
  'after 2 s idle': { seconds: 2, distance: DISTANCE_MS },
};

function serve({ seconds, distance = 0, answered }) {
  const applied = {};
  const after = (action) => (distance ? setTimeout(action, distance) : action());
  const server = net.createServer((socket) => {
    let open = true;
    let idle;
    let text = '';
    const end = () => {
      open = false;
      after(() => socket.end());
    };
    socket.setNoDelay().on('error', () => {});
    socket.on('data', (data) =>
      after(() => {
        // Bytes that arrive at a closed connection are answered with a reset.
        if (!open) return socket.resetAndDestroy();
        text += data.toString('latin1');
        for (let found; (found = /POST \/(\d+) [^]*?\r\n\r\nx/.exec(text));) {
          text = text.slice(found.index + found[0].length);
          applied[found[1]] = (applied[found[1]] ?? 0) + 1;
          const header = seconds ? `keep-alive: timeout=${seconds}\r\n` : '';
          after(() => socket.write(`HTTP/1.1 200 OK\r\n${header}content-length: 2\r\n\r\nok`));
          clearTimeout(idle);
          if (seconds) idle = setTimeout(end, seconds * 1000);
          else answered(end, socket);
        }
      }),
    );
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  return applied;
}

let applied;
process.on('message', (message) => {
  if (message === 'stop') process.send({ applied }, () => process.exit());
  else applied = serve(SCENARIOS[message.scenario]);
});
process.on('disconnect', () => process.exit());

module.exports = { DISTANCE_MS, NAMES: Object.keys(SCENARIOS) };
