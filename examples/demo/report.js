'use strict';

const { bold, dim, green, number, red } = require('./style.js');

/** Whether anything was lost. What the client says and what the server's books say must both be clean. */
function judge({ requests, failures }, { counts, lost }) {
  const { expiries, refreshes, reuses } = counts;
  const checks = {
    requests: requests > 0,
    failures: failures === 0,
    expiries: expiries > 0,
    refreshes: refreshes === expiries,
    reuses: reuses === 0,
    lost: lost === 0,
  };
  return { checks, ok: Object.values(checks).every(Boolean) };
}

function printReport(traffic, { counts, lost }, { checks, ok }) {
  const { requests, failures, elapsed, activeMs, errors } = traffic;
  const rate = `${number((requests / elapsed) * 1000)} a second`;
  const perExpiry = counts.expiries > 0 ? (counts.refreshes / counts.expiries).toFixed(2) : 'none';
  const table = [
    ['requests', number(requests), checks.requests, rate],
    ['failures', number(failures), checks.failures, 'what a caller saw that was not a 200'],
    ['expiries', number(counts.expiries), checks.expiries, 'generations that ran out, counted by the server'],
    ['refreshes per expiry', perExpiry, checks.refreshes, `${number(counts.refreshes)} refreshes in all`],
    ['reuses', number(counts.reuses), checks.reuses, 'refresh tokens sent a second time'],
    ['sessions lost', number(lost), checks.lost, 'the server revokes on reuse'],
    ['event loop per request', `${((activeMs / requests) * 1000).toFixed(1)} µs`, null, loopNote(traffic)],
  ];
  const widest = (column) => Math.max(...table.map((row) => row[column].length));
  const [name, value] = [widest(0), widest(1)];
  for (const [label, figure, check, note] of table) {
    const mark = check === null ? ' ' : check ? green('✓') : red('✗');
    console.log(`  ${mark} ${label.padEnd(name)}  ${bold(figure.padStart(value))}  ${dim(note)}`);
  }
  for (const [problem, times] of errors) console.log(`\n    ${red(`${number(times)} × ${problem}`)}`);
  console.log(ok ? `\n  ${green('Nothing was lost.')}\n` : `\n  ${red('Something was lost.')}\n`);
}

const loopNote = ({ activeMs, elapsed }) =>
  `the loop was busy ${((activeMs / elapsed) * 100).toFixed(0)} % of the time`;

module.exports = { judge, printReport };
