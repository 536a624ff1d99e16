'use strict';

// Every text that a program could print of a value.

const { inspect } = require('node:util');

const FULL = {
  depth: Infinity,
  showHidden: true,
  getters: false,
  maxArrayLength: null,
  maxStringLength: null,
};

/** `value`, what hangs at it, and the causes of an error. `seen` ends circles. */
function shown(value, seen = new Set()) {
  if (seen.has(value)) return [];
  const texts = [inspect(value, FULL), text(() => String(value)), text(() => JSON.stringify(value) ?? '')];
  if (!(value instanceof Error)) return texts;
  seen.add(value);
  for (const [name, { value: field }] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    texts.push(name, ...(typeof field === 'string' ? [field] : shown(field, seen)));
  }
  return texts;
}

/** A value of the user's may throw when it becomes text, and then prints nothing. */
function text(make) {
  try {
    return make();
  } catch {
    return '';
  }
}

/** All forms in which `secret` could stand in a text: as it is, in any case, in base64 and in hexadecimal digits. */
function forms(secret) {
  const base64 = ['', 'x', 'xx'].map((before) => {
    const encoded = Buffer.from(before + secret).toString('base64');
    // Without the ends, which depend on the neighbours.
    return encoded.slice(before === '' ? 0 : 4, -4);
  });
  return [secret, ...base64, Buffer.from(secret).toString('hex')].map((form) => form.toLowerCase());
}

module.exports = { forms, shown };
