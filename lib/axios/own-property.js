'use strict';

/** A config's own property, or its class's; never one that was put on every object. */
function own(config, key) {
  const value = config?.[key];
  return value !== undefined && (Object.hasOwn(config, key) || value !== Object.prototype[key])
    ? value
    : undefined;
}

module.exports = { own };
