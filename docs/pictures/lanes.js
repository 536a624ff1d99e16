'use strict';

// Draws what runs/lanes.js has recorded: a lane for each process, with its rotation above and its requests below.

const { axis, bar, legend, picture, requestBars, text } = require('./style.js');

const WIDTH = 980;
const LEFT = 110;
const TOP = 74;
const ROW = 6;
const ROTATION = 18;
const LEGEND = [
  [20, 'bad', 'sent with the old token: 401'],
  [240, 'wait', 'on its way, or waits for the rotation'],
  [510, 'good', 'the answer comes: 200'],
  [700, 'ours', 'the refresh'],
  [810, 'other', 'adoption'],
];

function draw({ processes, ledger }) {
  const last = Math.max(...processes.flatMap(({ sent }) => sent.map(({ end }) => end)));
  const x = (ms) => LEFT + (ms / last) * (WIDTH - LEFT - 30);
  const parts = [];
  let top = TOP;
  for (const one of processes) {
    const rows = stacked(one.sent);
    parts.push(...drawProcess(one, rows, top, x));
    top += ROTATION + rows.length * ROW + 18;
  }
  const description = describe(processes, ledger);
  return picture({
    width: WIDTH,
    height: top + 56,
    title: 'Four processes, one session: one of them refreshes',
    description,
    parts: [
      text(20, 52, description, 'note'),
      ...parts,
      ...axis({ last, step: last > 300 ? 50 : 20, unit: 'ms' }, x, top - 8),
      ...legend(LEGEND, top + 26),
    ],
  });
}

function describe(processes, { refreshes }) {
  const requests = processes.flatMap(({ sent }) => sent);
  const served = requests.filter(({ status }) => status === 200).length;
  const adopted = processes.filter((one) => rotationOf(one, 'adopted')).length;
  const sends = refreshes === 1 ? '1 refresh is' : `${refreshes} refreshes are`;
  return `${sends} sent. ${adopted} processes adopt the tokens that it brings, and ${served} of ${requests.length} requests are served.`;
}

const rotationOf = ({ rotations }, outcome) => rotations.find((rotation) => rotation.outcome === outcome);

/** Requests that overlap stand below each other, in as few rows as it takes. */
function stacked(sent) {
  const rows = [];
  for (const request of sent) {
    const row = rows.find((requests) => requests.at(-1).end <= request.begin);
    if (row) row.push(request);
    else rows.push([request]);
  }
  return rows;
}

function drawProcess({ name, rotations }, rows, top, x) {
  return [
    text(LEFT - 14, top + 12, `process ${name}`, 'title', 'end'),
    ...rotations.flatMap((rotation) => drawRotation(rotation, top, x)),
    ...rows.flatMap((requests, i) =>
      requests.flatMap((request) => requestBars(request, x, top + ROTATION + i * ROW, ROW - 2)),
    ),
  ];
}

function drawRotation({ begin, end, outcome }, top, x) {
  const refreshes = outcome === 'rotated';
  const words = refreshes ? 'refreshes, and stores the tokens' : outcome === 'adopted' ? 'adopts' : outcome;
  return [
    bar(refreshes ? 'ours' : 'other', x(begin), top + 2, x(end) - x(begin), 12),
    text(x(end) + 6, top + 12, words, refreshes ? 'small title' : 'small'),
  ];
}

module.exports = { draw };
