'use strict';

// Draws what runs/rotation.js has recorded as a sequence: one row for each event, in the order of their times.

const { NAMES } = require('./runs/rotation.js');

const WIDTH = 980;
const TOP = 96;
const ROW = 30;
const COLUMNS = {
  api: { x: 112, title: 'API' },
  A: { x: 280, title: 'process A' },
  B: { x: 390, title: 'process B' },
  C: { x: 500, title: 'process C' },
  store: { x: 760, title: 'store' },
  token: { x: 905, title: 'token endpoint' },
};

/** Light and dark, by what the reader's system says. The card has a colour of its own, so that no page shines through. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328; }
  .label { paint-order: stroke; stroke: #ffffff; stroke-width: 5px; stroke-linejoin: round; }
  .title { font-weight: 600; } .time { fill: #59636e; font-size: 11px; } .note { fill: #59636e; }
  .card { fill: #ffffff; stroke: #d1d9e0; } .life { stroke: #d1d9e0; stroke-width: 2; }
  .box { fill: #f6f8fa; stroke: #d1d9e0; } .lease { fill: #0969da; } .waiting { fill: #d1d9e0; }
  .arrow { stroke: #59636e; stroke-width: 1.5; fill: none; } .head { fill: #59636e; }
  .key .arrow, .key.arrow { stroke: #0969da; stroke-width: 2; } .key .head { fill: #0969da; }
  .bad .arrow { stroke: #cf222e; } .bad .head { fill: #cf222e; }
  .good .arrow { stroke: #1a7f37; } .good .head { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .label { stroke: #0d1117; }
    .time, .note { fill: #9198a1; } .card { fill: #0d1117; stroke: #3d444d; } .life { stroke: #3d444d; }
    .box { fill: #151b23; stroke: #3d444d; } .lease { fill: #4493f8; } .waiting { fill: #3d444d; }
    .arrow { stroke: #9198a1; } .head { fill: #9198a1; }
    .key .arrow { stroke: #4493f8; } .key .head { fill: #4493f8; }
    .bad .arrow { stroke: #f85149; } .bad .head { fill: #f85149; }
    .good .arrow { stroke: #3fb950; } .good .head { fill: #3fb950; }
  }`;

/** How each kind of event is drawn: from and to which column, with which words. */
const KINDS = {
  request: ({ name, status }) => [name, 'api', `GET /orders → ${status}`, 'bad'],
  replay: ({ name, status }) => [name, 'api', `GET /orders again → ${status}`, 'good'],
  read: ({ name, generation }) => [name, 'store', `read: generation ${generation}, nobody rotates`],
  adopt: ({ name, generation }) => [name, 'store', `read: generation ${generation}, adopted`, 'good'],
  busy: ({ name, holder }) => [name, 'store', `read: ${holder} has the lease; ${name} waits`],
  claim: ({ name }) => [name, 'store', 'claim: lease and intent', 'key'],
  conflict: ({ name }) => [name, 'store', 'claim refused: the record has changed', 'bad'],
  refresh: ({ name }) => [name, 'token', 'refresh', 'key'],
  answer: ({ name }) => ['token', name, 'new tokens', 'key'],
  commit: ({ name, generation }) => [name, 'store', `commit: generation ${generation}, lease ends`, 'key'],
  changed: ({ name }) => ['store', name, 'changed'],
};

function draw({ events, ledger }) {
  const { rows, leftOut } = toRows(events);
  const bottom = TOP + rows.length * ROW + 10;
  const height = bottom + 58;
  const holder = rows.find(({ kind }) => kind === 'claim').name;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">`,
    '<title id="title">One rotation across three processes</title>',
    `<desc id="desc">${describe(rows, holder)}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="8"/>`,
    '<text class="title" x="20" y="28">The token of three processes has expired. One of them refreshes it.</text>',
    ...Object.values(COLUMNS).map((column) => lifeline(column, bottom)),
    bar('lease', holder, rows, 'claim', 'commit'),
    ...NAMES.filter((name) => name !== holder).map((name) => bar('waiting', name, rows, 'busy', 'adopt')),
    ...rows.map(row),
    ...footer(bottom, ledger, rows, leftOut),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** Only the first look of a process that waits gets a row. */
function toRows(events) {
  const holder = events.find(({ kind }) => kind === 'claim').name;
  const committed = events.findIndex(({ kind }) => kind === 'commit');
  const rows = [];
  let leftOut = 0;
  events.forEach((event, i) => {
    const kind = event.kind === 'read' && i > committed ? 'adopt' : event.kind;
    const again = (one) => one.name === event.name && one.kind === kind;
    const repeats = (kind === 'busy' || kind === 'adopt') && rows.some(again);
    const ofHolder = kind === 'adopt' && event.name === holder;
    if (repeats || ofHolder) leftOut += 1;
    else rows.push({ ...event, kind, holder });
  });
  return { rows, leftOut };
}

const y = (index) => TOP + index * ROW + 22;

function row(event, index) {
  const [from, to, words, look = ''] = KINDS[event.kind](event);
  const [start, end] = [COLUMNS[from].x, COLUMNS[to].x];
  const way = Math.sign(end - start);
  const tip = end - way * 3;
  const middle = (start + end) / 2;
  const at = y(index);
  return [
    `<g class="${look}"><text class="time" x="62" y="${at + 4}" text-anchor="end">${event.at.toFixed(1)} ms</text>`,
    `<path class="arrow" d="M${start + way * 5} ${at}H${tip - way * 5}"/>`,
    `<path class="head" d="M${tip} ${at}l${-way * 9} -4v8z"/>`,
    `<text class="label" x="${middle}" y="${at - 5}" text-anchor="middle">${words}</text></g>`,
  ].join('');
}

function lifeline({ x, title }, bottom) {
  const width = title.length * 7 + 24;
  return [
    `<path class="life" d="M${x} 74V${bottom}"/>`,
    `<rect class="box" x="${x - width / 2}" y="46" width="${width}" height="28" rx="6"/>`,
    `<text class="title" x="${x}" y="65" text-anchor="middle">${title}</text>`,
  ].join('');
}

function bar(look, name, rows, first, last) {
  const index = (kind) => rows.findIndex((row) => row.name === name && row.kind === kind);
  const [start, end] = [index(first), index(last)];
  if (start < 0 || end < 0) return '';
  return `<rect class="${look}" x="${COLUMNS[name].x - 4}" y="${y(start)}" width="8" height="${y(end) - y(start)}" rx="3"/>`;
}

function footer(bottom, { refreshes, reuses, lost }, rows, leftOut) {
  const count = (kind) => rows.filter((row) => row.kind === kind).length;
  const looks = leftOut === 0 ? '' : ` Left out: ${leftOut} more looks of those who wait.`;
  const x = (shift) => 20 + shift;
  return [
    `<rect class="lease" x="${x(0)}" y="${bottom + 12}" width="8" height="14" rx="3"/>`,
    `<text class="note" x="${x(16)}" y="${bottom + 24}">has the lease</text>`,
    `<rect class="waiting" x="${x(116)}" y="${bottom + 12}" width="8" height="14" rx="3"/>`,
    `<text class="note" x="${x(132)}" y="${bottom + 24}">waits for another process.${looks}</text>`,
    `<text class="note" x="20" y="${bottom + 44}">The server’s ledger: ${refreshes} refresh, ${reuses} reuses, ${lost} sessions lost; ${count('request')} requests rejected, ${count('replay')} sent again. A real run, drawn by docs/pictures/draw-rotation.js.</text>`,
  ];
}

function describe(rows, holder) {
  return rows
    .map((event) => KINDS[event.kind]({ ...event, holder }))
    .map(([from, to, words]) => `${COLUMNS[from].title} to ${COLUMNS[to].title}: ${words}.`)
    .join(' ');
}

module.exports = { draw };
