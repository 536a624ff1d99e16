'use strict';

/** What all drawings have in common: light and dark, by what the reader's system says, on a card of their own. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; } .note { fill: #59636e; } .small { font-size: 11px; }
  .card { fill: #ffffff; stroke: #d1d9e0; } .line { stroke: #d1d9e0; }
  .dots { stroke-width: 2; } .dots.ours { stroke: #0969da; } .dots.other { stroke: #9aa4af; } .dots.bad { stroke: #cf222e; }
  .ours { fill: #0969da; } .other { fill: #9aa4af; } .bad { fill: #cf222e; } .good { fill: #1a7f37; } .wait { fill: #d8dee4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; } .note { fill: #9198a1; }
    .card { fill: #0d1117; stroke: #3d444d; } .line { stroke: #3d444d; }
    .dots.ours { stroke: #4493f8; } .dots.other { stroke: #656c76; } .dots.bad { stroke: #f85149; }
    .ours { fill: #4493f8; } .other { fill: #656c76; } .bad { fill: #f85149; } .good { fill: #3fb950; } .wait { fill: #2f353d; }
  }`;

/** An image of `width` × `height` with a title for people who cannot see it. */
function picture({ width, height, title, description, parts }) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${title}</title>`,
    `<desc id="desc">${description}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="20" y="30">${title}</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

const text = (x, y, words, look = '', anchor = 'start') =>
  `<text class="${look}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;

/** At least a pixel wide, because a thin bar is a fact too. */
const bar = (look, x, y, width, height) =>
  `<rect class="${look}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(1, width).toFixed(1)}" height="${height}" rx="2"/>`;

/** What became of a request `{ begin, end, seen }`: rejected, on its way or waiting, and served. */
function requestBars({ begin, end, seen }, x, y, height) {
  const rejected = seen.find(({ status }) => status === 401);
  const served = seen.find(({ status }) => status === 200);
  const from = rejected?.at ?? begin;
  return [
    rejected ? bar('bad', x(begin), y, x(rejected.at) - x(begin), height) : '',
    bar('wait', x(from), y, x(served.at) - x(from), height),
    bar('good', x(served.at), y, x(end) - x(served.at), height),
  ];
}

/** `entries`: `[x, look, words]` of each. */
function legend(entries, y) {
  return entries.flatMap(([x, look, words]) => [
    bar(look, x, y, 12, 12),
    text(x + 18, y + 11, words, 'note'),
  ]);
}

/** A tick every `step`, from 0 to `last`, in `unit`. */
function axis({ last, step, unit }, x, top) {
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
  return ticks.flatMap((tick) => [
    `<path class="line" d="M${x(tick).toFixed(1)} ${top}v5"/>`,
    text(x(tick), top + 17, `${tick} ${unit}`, 'note small', 'middle'),
  ]);
}

module.exports = { axis, bar, legend, picture, requestBars, text };
