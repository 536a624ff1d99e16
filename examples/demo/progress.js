'use strict';

const { bold, cyan, dim, number, red } = require('./style.js');

const BAR = 24;
const CLEAR_LINE = '\r\x1b[2K';
// A log needs no five lines a second.
const PLAIN_MS = 1_000;

/** One line that stays up to date on a terminal; a line a second elsewhere. */
function showProgress({ callers, duration, accessTokenTtl }) {
  const { stdout } = process;
  const title = `${callers} callers, ${duration / 1000} s, one token that lives ${accessTokenTtl} ms`;
  stdout.write(`${bold('token-rotator')}  ${dim(title)}\n\n`);
  let printedAt = 0;
  let ended = false;

  return {
    update({ elapsed, requests, failures }, { counts }) {
      if (ended) return; // An answer of the server that came late.
      const done = Math.min(1, elapsed / duration);
      const filled = Math.round(done * BAR);
      const bar = cyan('█'.repeat(filled)) + dim('░'.repeat(BAR - filled));
      const lost = failures > 0 ? red(`${number(failures)} failed`) : '0 failed';
      const figures = [
        `${number(requests)} requests`,
        `${number((requests / elapsed) * 1000)}/s`,
        `${number(counts.expiries)} expiries`,
        `${number(counts.refreshes)} refreshes`,
        lost,
      ].join(dim(' · '));
      if (stdout.isTTY) {
        stdout.write(`${CLEAR_LINE}  ${bar}  ${figures}`);
      } else if (elapsed - printedAt >= PLAIN_MS) {
        printedAt = elapsed;
        stdout.write(`  ${(elapsed / 1000).toFixed(1)} s  ${figures}\n`);
      }
    },
    end() {
      ended = true;
      stdout.write(stdout.isTTY ? CLEAR_LINE : '\n');
    },
  };
}

module.exports = { showProgress };
