'use strict';

// The results of a run, as a JSON file that its date names.

const fs = require('node:fs');
const path = require('node:path');

/** Writes the run, also again with more results. Returns where, as a path from here. `prefix`: of the file's name. */
function saveRun(folder, run, prefix = '') {
  fs.mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${prefix}${run.date.slice(0, 19).replaceAll(':', '-')}.json`);
  fs.writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
  return path.relative(process.cwd(), file);
}

module.exports = { saveRun };
