'use strict';

// Draws what runs/waterfall.js has recorded: a line for each request, and its time from left to right.

const { axis, bar, legend, picture, requestBars, text } = require('./style.js');

const WIDTH = 980;
const LEFT = 120;
const TOP = 76;
const ROW = 20;
const LEGEND = [
  [20, 'bad', 'sent with the old token: 401'],
  [250, 'wait', 'waits for the rotation, or is on its way'],
  [550, 'good', 'the answer comes: 200'],
  [750, 'ours', 'the one refresh'],
];

function draw({ rows, refresh, ledger }) {
  const last = Math.max(...rows.map(({ end }) => end));
  const x = (ms) => LEFT + (ms / last) * (WIDTH - LEFT - 40);
  const y = (i) => TOP + (i + 1) * ROW;
  const bottom = y(rows.length) + 4;
  const waiting = rows.filter(isQueued).length;
  const description = `${rows.length} requests. ${ledger.rejected} are answered with 401, ${waiting} wait without being sent, ${ledger.refreshes} refresh, and all are served.`;

  const parts = [
    text(20, 52, `${description}`, 'note'),
    text(LEFT - 12, TOP + 13, 'token endpoint', 'small', 'end'),
    bar('ours', x(refreshBegin(rows)), TOP + 2, x(refresh.answered) - x(refreshBegin(rows)), 14),
    ...rows.flatMap((row, i) => line(row, i, x, y(i))),
    ...legend(LEGEND, bottom + 34),
    ...axis({ last, step: last > 120 ? 20 : 10, unit: 'ms' }, x, bottom),
  ];
  return picture({
    width: WIDTH,
    height: bottom + 62,
    title: 'A token expires under load: one rotation',
    description,
    parts,
  });
}

/** Never sent with the old token. */
const isQueued = ({ seen }) => seen.length === 1 && seen[0].status === 200;

/** The flight begins when the first 401 is known; the server does not see it before its request arrives. */
const refreshBegin = (rows) => Math.min(...rows.flatMap(({ seen }) => seen.map(({ at }) => at)));

function line(row, i, x, y) {
  return [text(LEFT - 12, y + 12, `request ${i + 1}`, 'small', 'end'), ...requestBars(row, x, y + 3, 12)];
}

module.exports = { draw };
