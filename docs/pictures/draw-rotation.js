'use strict';

// Runs three processes that share a session through one rotation, and draws what they did:
//
//   npm run build:debug && node docs/pictures/draw-rotation.js [file]

const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { record } = require('./runs/rotation.js');
const { draw } = require('./sequence.js');

const [file = path.join(__dirname, 'rotation.svg')] = process.argv.slice(2);

record().then((run) => writeFileSync(file, draw(run)));
