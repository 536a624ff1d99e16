'use strict';

/** A property of the object or of its class, never one that a polluted Object.prototype adds. */
function own(config, key) {
  const value = config?.[key];
  return value !== undefined && (Object.hasOwn(config, key) || value !== Object.prototype[key])
    ? value
    : undefined;
}

module.exports = { own };
