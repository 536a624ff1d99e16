'use strict';

// Colour for people, plain text for files and pipes (https://no-color.org).
const coloured = Boolean(process.stdout.isTTY) && !process.env.NO_COLOR;
const paint = (code) => (text) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : String(text));

const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);
const cyan = paint(36);

const number = (value) => Math.round(value).toLocaleString('en-US');

module.exports = { bold, cyan, dim, green, number, red };
