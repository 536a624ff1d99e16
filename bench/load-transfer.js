'use strict';

// One body far larger than anybody should hold in memory, to the client or from it.

const { startMeter } = require('./meter.js');
const { restingSize, watchPeak } = require('./resident.js');

const MB = 2 ** 20;
/** What reading a file as a stream gives. */
const UPLOAD_CHUNK = 64 * 1024;

const MOVES = { download: receive, upload: send };

/** The first stretch is not measured but watched: the peak counts from before the client has streamed anything. */
async function transfer(client, { direction, path, bytes, warmupBytes }) {
  const move = MOVES[direction];
  const before = await restingSize();
  const peak = watchPeak();
  try {
    await move(client, path, warmupBytes);
    const stopMeter = startMeter();
    await move(client, path, bytes);
    const cost = stopMeter();
    const megabytes = bytes / MB;
    return {
      throughput: (megabytes / cost.ms) * 1000,
      cpuUs: cost.cpuUs / megabytes,
      loopUs: cost.loopUs / megabytes,
      threadUs: cost.threadUs / megabytes,
      before,
      peak: peak.read(),
    };
  } finally {
    peak.stop();
  }
}

async function receive(client, path, bytes) {
  let received = 0;
  for await (const chunk of await client.download(`${path}?bytes=${bytes}`)) received += chunk.byteLength;
  if (received !== bytes) throw new Error(`${received} of ${bytes} bytes received`);
}

async function send(client, path, bytes) {
  const { bytes: arrived } = await client.upload(path, chunks(bytes));
  if (arrived !== bytes) throw new Error(`${arrived} of ${bytes} bytes arrived`);
}

/** A new chunk each time, as from a file: one that is held too long shows. */
async function* chunks(bytes) {
  for (let left = bytes; left > 0; left -= UPLOAD_CHUNK) yield new Uint8Array(Math.min(left, UPLOAD_CHUNK));
}

module.exports = { transfer };
