'use strict';

// Writes docs/options.md from index.d.ts: `node .ci/options.js`. __test__/docs/options.test.js fails while the two differ.

const { writeFileSync } = require('node:fs');
const path = require('node:path');
const prettier = require('prettier');
const { declared } = require('./declared-options.js');

const PAGE = path.join(__dirname, '..', 'docs', 'options.md');

const HEAD = `# Options

Each option in one line, made from [\`index.d.ts\`](../index.d.ts) by \`node .ci/options.js\`. The comments there say more: units, limits, errors and
examples. Durations are milliseconds, and sizes are bytes. An option that is wrong or unknown is \`ERR_INVALID_OPTION\`. Where no
default stands, there is none.
`;

/** How an option is written in the table, and the declarations that it comes from. */
const GROUPS = [
  ['', ['ClientOptions', 'NewTokens', 'TokenStorage', 'Judge', 'Route']],
  ['retry.', ['RetryOptions']],
  ['grant.', ['GrantCommon']],
  ['store.', ['FileStore', 'RedisStore', 'RegisterStore']],
  ['request: ', ['VerbOptions', 'RequestOptions']],
];

/** Where a page says more: of an option, or of all in its group. */
const PAGES = {
  ...{ 'grant.': 'grants.md', 'store.': 'stores.md', grant: 'grants.md', store: 'stores.md' },
  ...{ 'grant.provider': 'providers.md', 'grant.dpop': 'dpop.md', 'store.key': 'encryption.md' },
  ...{ lease: 'stores.md', confirmEvery: 'stores.md', share: 'replicas.md', drainOnExit: 'shutdown.md' },
  ...{
    rotationGrace: 'providers.md',
    tls: 'sources.md',
    keepAlive: 'limitations.md',
    session: 'getting-started.md',
  },
  ...{ refresh: 'callbacks.md', isRefreshFailureTerminal: 'callbacks.md', isSessionExpired: 'callbacks.md' },
  ...{ getTokens: 'callbacks.md', setTokens: 'callbacks.md', header: 'callbacks.md', logger: 'callbacks.md' },
  ...{ onBeforeRefresh: 'callbacks.md', onRefreshed: 'callbacks.md', onRefreshFailed: 'callbacks.md' },
  ...{ onPersistFailed: 'callbacks.md', onSuperseded: 'callbacks.md', onHookError: 'callbacks.md' },
  ...{
    logout: 'callbacks.md',
    allowInsecure: 'errors.md',
    allowedOrigins: 'errors.md',
    tokens: 'getting-started.md',
  },
};

/** The line of a group of options that has no comment of its own. */
const STORE_OF = { FileStore: ' (`file`)', RedisStore: ' (`redis`)', RegisterStore: ' (your own)' };

function rows() {
  return GROUPS.flatMap(([prefix, names]) =>
    names.flatMap((name) =>
      declared(name).map((option) => {
        const key = `${prefix}${option.name}`;
        const page = PAGES[key] ?? PAGES[prefix];
        return [
          `\`${key}\`${STORE_OF[name] ?? ''}`,
          shortType(option.type),
          option.default ?? '',
          option.summary,
          page === undefined ? '' : `[${page.replace('.md', '')}](${page})`,
        ];
      }),
    ),
  );
}

/** A table has no room for the arguments of functions. */
function shortType(type) {
  if (type.startsWith('{')) return 'object';
  if (/=>|^\(.*\): /.test(type)) return 'function';
  if (type.startsWith('(') || type.includes('{'))
    return type.startsWith('boolean') ? '`boolean`, object' : 'object';
  return `\`${type}\``;
}

function page() {
  const cell = (text) => text.replaceAll('|', '\\|').replaceAll('docs/', '');
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  const heading = ['option', 'type', 'default', 'what it is', 'more'];
  const table = [line(heading), line(heading.map(() => '---')), ...rows().map(line)].join('\n');
  const file = PAGE;
  return prettier
    .resolveConfig(file)
    .then((config) => prettier.format(`${HEAD}\n${table}\n`, { ...config, parser: 'markdown' }));
}

if (require.main === module) page().then((text) => writeFileSync(PAGE, text));

module.exports = { PAGE, page, rows };
