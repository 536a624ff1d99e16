'use strict';

// Draws what runs/latency.js has recorded: a lane for each client, with a dot for each request and a line for each expiry, and its
// percentiles.

const { percentile } = require('../../bench/statistics.js');
const { axis, bar, picture, text } = require('./style.js');

const WIDTH = 980;
const LEFT = 170;
const RIGHT = 690;
const TOP = 92;
const LANE = 96;
const NAMES = {
  'token-rotator': 'token-rotator',
  'axios-token-refresh': 'axios, token-refresh',
  'undici-request': 'undici, no rotation',
};
const SHARES = [0.5, 0.9, 0.99, 0.999];
const COLUMN = 66;

function draw({ everyMs, clients }) {
  const lanes = clients.map((client) => ({ ...client, shares: sharesOf(client) }));
  const seconds = Math.max(...lanes.flatMap(({ sent }) => sent.map(({ at }) => at))) / 1000;
  // The few that are slower would flatten all others; they lie at the upper edge.
  const most = Math.max(...lanes.map(({ shares }) => shares.at(-1))) * 1.1;
  const x = (ms) => LEFT + (ms / 1000 / seconds) * (RIGHT - LEFT);
  const bottom = TOP + lanes.length * LANE;
  const parts = [
    text(20, 52, noteOf(lanes, everyMs), 'note'),
    ...SHARES.map((share, i) => text(columnAt(i), TOP - 8, nameOf(share), 'note', 'end')),
    ...lanes.flatMap((lane, i) => drawLane(lane, TOP + i * LANE, most, x)),
    ...axis({ last: seconds, step: 1, unit: 's' }, (second) => x(second * 1000), bottom - 8),
  ];
  const description = lanes.map(describe).join(' ');
  return picture({
    width: WIDTH,
    height: bottom + 40,
    title: 'Latency across rotations',
    description,
    parts,
  });
}

const sharesOf = ({ sent }) => {
  const sorted = Float64Array.from(sent, ({ ms }) => ms).sort();
  return SHARES.map((share) => percentile(sorted, share));
};
const nameOf = (share) => `p${share * 100}`;
const columnAt = (i) => RIGHT + 84 + i * COLUMN;

function noteOf(lanes, everyMs) {
  const [{ rotations, sent }] = lanes;
  return `A request every ${everyMs} ms, ${sent.length} for each client. Each line is an expiry, ${rotations.length} in all; the refresh takes 20 ms, the API 5 ms.`;
}

function drawLane({ peer, sent, rotations, shares }, top, most, x) {
  const floor = top + LANE - 14;
  const y = (ms) => floor - (Math.min(ms, most) / most) * (LANE - 24);
  const dots = (requests) =>
    requests.map(({ at, ms }) => `M${x(at).toFixed(0)} ${y(ms).toFixed(0)}h2`).join('');
  const look = peer === 'token-rotator' ? 'ours' : 'other';
  const failed = sent.filter(({ isServed }) => !isServed);
  return [
    text(LEFT - 14, floor - 30, NAMES[peer], look === 'ours' ? 'title' : '', 'end'),
    ...(failed.length > 0
      ? [text(LEFT - 14, floor - 12, `${failed.length} failed`, 'note small', 'end')]
      : []),
    `<path class="line" d="M${LEFT} ${floor}H${RIGHT}${rotations.map((at) => `M${x(at).toFixed(0)} ${floor}V${top + 6}`).join('')}"/>`,
    text(RIGHT + 6, y(most) + 8, `${most.toFixed(0)} ms`, 'note small'),
    `<path class="dots ${look}" d="${dots(sent.filter(({ isServed }) => isServed))}"/>`,
    ...(failed.length > 0 ? [`<path class="dots bad" d="${dots(failed)}"/>`] : []),
    ...shares.flatMap((ms, i) => [
      text(columnAt(i), floor - 30, ms.toFixed(1), look === 'ours' ? 'title' : '', 'end'),
      bar(look, columnAt(i) - (ms / most) * 56, floor - 20, Math.min(1, ms / most) * 56, 5),
    ]),
  ];
}

function describe({ peer, sent, rotations, shares }) {
  const figures = SHARES.map((share, i) => `${nameOf(share)} ${shares[i].toFixed(1)} ms`).join(', ');
  const failed = sent.filter(({ isServed }) => !isServed).length;
  return `${NAMES[peer]}: ${sent.length} requests across ${rotations.length} expiries, ${failed} failed, ${figures}.`;
}

module.exports = { draw };
