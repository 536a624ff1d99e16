'use strict';

// All pictures of the pages, by one command: `npm run pictures`, after a build. The bars are of the newest result of `npm run bench`
// on this machine that has the case; where there is none, the picture stays as it is. The folder, the result and the seconds that each
// client of the latency picture runs can be given.

const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const bars = require('./bars.js');
const lanes = require('./lanes.js');
const latency = require('./latency.js');
const lanesRun = require('./runs/lanes.js');
const latencyRun = require('./runs/latency.js');
const rotation = require('./runs/rotation.js');
const sequence = require('./sequence.js');
const waterfall = require('./waterfall.js');
const waterfallRun = require('./runs/waterfall.js');

const RESULTS = path.join(__dirname, '../../bench/results');

async function main([folder = __dirname, result = newestResult(), seconds]) {
  const save = (name, svg) => writeFileSync(path.join(folder, name), svg);
  save('rotation.svg', sequence.draw(await rotation.record()));
  save('waterfall.svg', waterfall.draw(await waterfallRun.record()));
  save('lanes.svg', lanes.draw(await lanesRun.record()));
  save('latency.svg', latency.draw(await latencyRun.record({ seconds: seconds && Number(seconds) })));
  if (result !== undefined) save('bars.svg', bars.draw(JSON.parse(readFileSync(result, 'utf8'))));
}

function newestResult() {
  try {
    const files = readdirSync(RESULTS).toSorted();
    const file = files.findLast((name) =>
      readFileSync(path.join(RESULTS, name), 'utf8').includes('steady/64/small/plain","kind'),
    );
    return file && path.join(RESULTS, file);
  } catch {
    return undefined;
  }
}

main(process.argv.slice(2));
