'use strict';

// The main job in five seconds: some hundred concurrent callers, one token that runs out four times a second, and a store that
// answers when it likes. Rust asks for new tokens (the option `grant`). The server, in a process of its own, keeps the books; exit
// code 0 only if nothing was lost.  Run it with: npm run demo

const { startServer } = require('./demo/server-process.js');
const { connect } = require('./demo/client.js');
const { runCallers } = require('./demo/callers.js');
const { showProgress } = require('./demo/progress.js');
const { judge, printReport } = require('./demo/report.js');

const SETTINGS = {
  callers: 200,
  duration: 5_000,
  accessTokenTtl: 250,
  storeLatency: [0, 20],
  tokenLatency: [5, 25],
  apiLatency: [2, 12],
  clientSecret: 'a secret of the demo',
};

async function main() {
  const server = await startServer(SETTINGS);
  const client = connect(server, SETTINGS);
  const progress = showProgress(SETTINGS);
  const traffic = await runCallers(client, SETTINGS, async (sofar) =>
    progress.update(sofar, await server.ledger()),
  );
  await client.close();
  const ledger = await server.ledger();
  progress.end();
  await server.stop();
  const verdict = judge(traffic, ledger);
  printReport(traffic, ledger, verdict);
  process.exitCode = verdict.ok ? 0 : 1;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
