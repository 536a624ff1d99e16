'use strict';

// Draws a result of `npm run bench` as bars: requests a second, and time of the event loop for each.

const { bar, picture, text } = require('./style.js');

const CASE = 'steady/64/small/plain';
const WIDTH = 980;
const NAMES = {
  'token-rotator': 'token-rotator',
  'undici-request': 'undici request, no token handling',
  'undici-fetch': 'undici fetch, no token handling',
  'axios-token-refresh': 'axios with token-refresh',
};
const PANELS = [
  {
    title: 'requests a second (longer is better)',
    x: 250,
    width: 300,
    of: ({ throughput }) => throughput,
    digits: 0,
  },
  {
    title: 'event loop, µs a request (shorter is better)',
    x: 640,
    width: 260,
    of: ({ loopUs }) => loopUs,
    digits: 1,
  },
];

/** True if a run of `npm run bench` measured what the bars show, with every client. */
const canDraw = ({ results }) => {
  const clients = results?.find(({ name }) => name === CASE)?.clients ?? {};
  return Object.keys(NAMES).every((name) => name in clients);
};

function draw(results) {
  const { clients } = results.results.find(({ name }) => name === CASE);
  const rows = Object.keys(NAMES).map((name) => ({ name, ...clients[name].summary }));
  const height = 110 + rows.length * 34 + 44;
  const { cpu, cores } = results.machine;
  const versions = ['undici', 'axios', 'token-refresh']
    .map((name) => `${name} ${results.versions[name]}`)
    .join(', ');
  const parts = [
    ...rows.map(({ name }, i) =>
      text(236, 126 + i * 34, NAMES[name], name === 'token-rotator' ? 'title' : '', 'end'),
    ),
    ...PANELS.flatMap((panel) => drawPanel(panel, rows)),
    text(
      20,
      height - 34,
      `${CASE}: 64 requests at a time, 95 bytes of JSON, medians of ${results.options.rounds} rounds.`,
      'note small',
    ),
    text(
      20,
      height - 16,
      `${results.date.slice(0, 10)}, ${cpu}, ${cores} cores, Node ${results.versions.node}, ${versions}.`,
      'note small',
    ),
  ];
  const description = rows
    .map(
      ({ name, throughput, loopUs }) =>
        `${NAMES[name]}: ${throughput.toFixed(0)} requests a second, ${loopUs.toFixed(1)} µs of event loop each.`,
    )
    .join(' ');
  return picture({ width: WIDTH, height, title: 'Throughput and event loop', description, parts });
}

function drawPanel({ title, x, width, of, digits }, rows) {
  const most = Math.max(...rows.map(of));
  const shown = (value) =>
    value
      .toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
      .replaceAll(',', ' ');
  return [
    text(x, 84, title, 'note'),
    ...rows.flatMap((row, i) => {
      const length = (of(row) / most) * (width - 20);
      const look = row.name === 'token-rotator' ? 'ours' : 'other';
      return [bar(look, x, 112 + i * 34, length, 20), text(x + length + 8, 126 + i * 34, shown(of(row)))];
    }),
  ];
}

module.exports = { canDraw, draw };
