'use strict';

// Which file of lib/ may require which: the arrows of ARCHITECTURE.md. `npm run lint:arrows`

/** Files and folders right below lib/, e.g. `lib('fetch')` for lib/fetch.js and lib/fetch/. */
const lib = (...names) => `^lib/(${names.join('|')})(\\.js$|/)`;

/** `from` and `to` are regular expressions, `but` lists what the rule leaves alone in `to`. */
const never = (name, from, to, but) => ({
  name,
  severity: 'error',
  from: Array.isArray(from) ? { path: from[0], pathNot: from[1] } : { path: from },
  to: but === undefined ? { path: to } : { path: to, pathNot: but },
});

/** They hold the addon, and are not installed in this checkout. */
const PLATFORM_PACKAGES = '^token-rotator-';

const ENTRIES = lib(
  'client',
  'external',
  'fetch',
  'axios',
  'undici',
  'testing',
  'postgres',
  'inspect',
  'opentelemetry',
  'prometheus',
);

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-file-is-there',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: PLATFORM_PACKAGES },
    },
    {
      name: 'no-package-but-axios',
      severity: 'error',
      from: {},
      to: {
        dependencyTypesNot: ['local', 'core'],
        pathNot: ['/axios/', '/@opentelemetry/api/', PLATFORM_PACKAGES],
      },
    },

    never('only-the-crossing-needs-native', ['', '^lib/crossing/addon\\.js$'], '^native/'),
    never('the-clock-needs-nothing', lib('clock'), '^(lib|native)/'),
    never('errors-need-nothing', lib('errors'), '^(lib|native)/'),
    never('tokens-need-nothing', lib('tokens'), '^(lib|native)/', lib('tokens')),
    never(
      'options-need-little',
      lib('options'),
      '^(lib|native)/',
      `${lib('options', 'errors', 'tokens', 'body')}|^lib/(crossing/(native-request|table)|transport)\\.js$`,
    ),
    never('folders-need-no-entry', ['^lib/', ENTRIES], ENTRIES),
    never(
      'answers-come-after-the-crossing',
      lib('crossing', 'body'),
      lib('response', 'callbacks', 'options'),
    ),
    never('callbacks-come-after-answers', lib('response'), lib('callbacks', 'options', 'body')),

    never('only-the-client-needs-fetch', ['', `^lib/client\\.js$|${lib('fetch')}`], lib('fetch')),
    never('fetch-needs-no-client', lib('fetch'), lib('client')),
    never('testing-stands-alone', lib('testing'), '^(lib|native)/|^index\\.js$', lib('testing', 'clock')),
    never('nothing-needs-testing', ['', lib('testing')], lib('testing')),
    never('postgres-needs-little', lib('postgres'), '^(lib|native)/|^index\\.js$', lib('options', 'errors')),
    never('nothing-needs-postgres', ['', lib('postgres')], lib('postgres')),
    never('nothing-needs-inspect', ['', lib('inspect')], lib('inspect')),
    never('nothing-needs-opentelemetry', ['', lib('opentelemetry')], lib('opentelemetry', 'prometheus')),
    never('nothing-needs-axios', ['', lib('axios')], lib('axios')),
    never('nothing-needs-undici', ['', lib('undici')], lib('undici')),

    // What these two need of a client they get from external/, or from the client as every program has it.
    never(
      'undici-authorises-requests',
      lib('undici'),
      lib('client', 'fetch', 'crossing', 'callbacks', 'response'),
    ),
    never(
      'axios-authorises-requests',
      lib('axios'),
      lib('client', 'fetch', 'crossing', 'callbacks'),
      '^lib/(client|crossing/(abort|native-(answer|errors|request))|callbacks/refresh-evidence)\\.js$',
    ),
    never('only-a-session-makes-a-client', ['^lib/axios', '^lib/axios/session/'], '^lib/client\\.js$'),
    never('the-adapter-stands-alone', '^lib/axios/adapter', '^lib/axios/(session|requests|packages)/'),
    never('a-session-needs-no-requests', '^lib/axios/session/', '^lib/axios/(requests|packages|adapter)/'),
    never('requests-need-no-package', '^lib/axios/requests/', '^lib/axios/(packages|adapter)/'),
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^native/'] },
    // A file that is required where it is needed, and not at the top, is an arrow too.
    moduleSystems: ['cjs'],
    externalModuleResolutionStrategy: 'node_modules',
  },
};
