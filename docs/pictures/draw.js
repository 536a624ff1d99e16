'use strict';

// All pictures of the pages, by one command, after a build: `npm run pictures`.

const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { print, readOptions, runProgram } = require('../../tools/command-line.js');
const bars = require('./bars.js');
const lanes = require('./lanes.js');
const latency = require('./latency.js');
const barsRun = require('./runs/bars.js');
const lanesRun = require('./runs/lanes.js');
const latencyRun = require('./runs/latency.js');
const rotation = require('./runs/rotation.js');
const sequence = require('./sequence.js');
const waterfall = require('./waterfall.js');
const waterfallRun = require('./runs/waterfall.js');

const USAGE = `npm run pictures -- [--folder=docs/pictures] [--result=bench/results/….json] [--seconds=10]

folder   where the pictures are written
result   the result of npm run bench that the bars show; without it the newest on this machine that has their case, and where there is
         none, the picture of the bars stays as it is
seconds  how long each client of the latency picture runs`;

async function main(args) {
  const { folder, result, seconds, help } = readOptions(args, {
    usage: USAGE,
    texts: { folder: __dirname, result: undefined, seconds: '10' },
  });
  if (help) return print(USAGE);
  if (!(Number(seconds) > 0)) throw new Error(`--seconds: a positive number\n\n${USAGE}`);
  // First, so that a wrong file costs no runs.
  const measured = result === undefined ? barsRun.newest() : barsRun.read(result);
  const save = (name, svg) => writeFileSync(path.join(folder, name), svg);
  save('rotation.svg', sequence.draw(await rotation.record()));
  save('waterfall.svg', waterfall.draw(await waterfallRun.record()));
  save('lanes.svg', lanes.draw(await lanesRun.record()));
  save('latency.svg', latency.draw(await latencyRun.record({ seconds: Number(seconds) })));
  if (measured !== undefined) save('bars.svg', bars.draw(measured));
}

runProgram(main);
