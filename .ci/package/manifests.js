'use strict';

// The package.json of what is published.

const own = require('../../package.json');
const { NOTICES } = require('./notices.js');
const { TARGETS } = require('./targets.js');

const packageOf = ({ name }) => `${own.name}-${name}`;

/** What only this checkout needs. */
const NOT_PUBLISHED = ['scripts', 'devDependencies', 'napi'];

/** Only the published package asks for the platforms' packages. This checkout builds its addon, and `npm ci` asks for none. */
function mainManifest() {
  const manifest = Object.fromEntries(Object.entries(own).filter(([name]) => !NOT_PUBLISHED.includes(name)));
  const names = TARGETS.map(packageOf).sort();
  return { ...manifest, optionalDependencies: Object.fromEntries(names.map((name) => [name, own.version])) };
}

function platformManifest(target) {
  const { version, license, engines, repository, homepage, bugs } = own;
  const main = `token-rotator.${target.name}.node`;
  const { os, cpu, libc } = target;
  return {
    name: packageOf(target),
    version,
    description: `The addon of ${own.name} for ${target.name}`,
    license,
    main,
    files: [main, NOTICES],
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(repository === undefined ? {} : { repository, homepage, bugs }),
  };
}

const platformReadme = (target) => `# ${packageOf(target)}

The addon of ${own.name} for ${target.triple}. Install ${own.name}, which depends on this package.

${NOTICES} has the licences of others whose code is in the addon.
`;

module.exports = { mainManifest, packageOf, platformManifest, platformReadme };
