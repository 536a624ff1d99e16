'use strict';

// Writes docs/providers.md from the table in lib/options/providers.js: `node .ci/providers.js`. __test__/grants/providers.test.js
// fails while the two differ.

const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { parametersOf } = require('../lib/options/provider.js');
const { PROVIDERS } = require('../lib/options/providers.js');

const PAGE = path.join(__dirname, '..', 'docs', 'providers.md');

const HEAD = `# Providers

\`grant: { provider: 'xero', … }\` knows the endpoints, the usual client authentication and the grace of a well-known authorization
server. \`rotationGrace: 'xero'\` takes the grace alone. Everything can be given yourself, and then goes before what is written here.

\`\`\`js
const client = new TokenClient({
  grant: {
    provider: 'xero',
    type: 'refresh_token',
    clientId,
    auth: { clientSecret: { env: 'XERO_SECRET' } },
  },
  store: { type: 'redis', url },
});
await client.session(tenantId).setTokens(answerOfTheLogin);
\`\`\`

This page is made from \`lib/options/providers.js\` (\`node .ci/providers.js\`). A fact that no page of the provider states is left out.
`;

function page() {
  const sections = Object.entries(PROVIDERS).map(([name, facts]) => section(name, facts));
  return [HEAD, ...sections].join('\n');
}

function section(name, facts) {
  const { title, tokenEndpoint, revocationEndpoint, defaults = {}, auth, rotation, access, refresh } = facts;
  const parameters = parametersOf(facts).map((parameter) => {
    const usual = defaults[parameter];
    return `\`${parameter}\`${usual === undefined ? '' : ` (default \`${usual}\`)`}`;
  });
  const lines = [
    ['Token endpoint', tokenEndpoint && `\`${tokenEndpoint}\``],
    ['Revocation endpoint', revocationEndpoint && `\`${revocationEndpoint}\``],
    ['Needs', parameters.join(', ')],
    ['Client authentication', auth?.map((method) => `\`${method}\``).join(', ')],
    ['A new refresh token', rotation],
    ['Grace', graceText(facts.rotationGrace)],
    ['Access token', access],
    ['Refresh token', refresh],
    ...(facts.notes ?? []).map((note) => ['Note', note]),
    ['Source', facts.sources.map((url) => `<${url}>`).join(', ')],
  ];
  const shown = lines.filter(([, text]) => text).map(([label, text]) => `- **${label}**: ${text}`);
  return `## ${title}: \`${name}\`\n\n${shown.join('\n')}\n`;
}

function graceText(ms) {
  if (ms === undefined) return undefined;
  if (ms === 0) return 'none, until an administrator sets one';
  const units = [
    [86_400_000, 'a day, which stands for any time'],
    [60_000, `${ms / 60_000} minutes`],
    [1_000, `${ms / 1_000} s`],
  ];
  return units.find(([unit]) => ms >= unit)[1];
}

if (require.main === module) writeFileSync(PAGE, page());

module.exports = { PAGE, page };
