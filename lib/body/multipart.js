'use strict';

// FormData as the bytes of a multipart/form-data body (RFC 7578), in the way of the HTML standard: parts that can be read
// again and leave files where they are.

const { Blob } = require('node:buffer');
const { randomUUID } = require('node:crypto');
const { invalidOption } = require('../errors.js');

/** { blob, contentType }. What is in the form later does not change it. */
function toMultipart(form) {
  const boundary = `token-rotator-${randomUUID()}`;
  const parts = [];
  for (const [name, value] of form) {
    const disposition = `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(crlf(name))}"`;
    if (typeof value === 'string') {
      parts.push(`${disposition}\r\n\r\n${crlf(value)}\r\n`);
    } else {
      // Another library's file would become its name in a Blob.
      if (!(value instanceof Blob))
        throw invalidOption('body', "FormData with text and Node's own Blobs and Files");
      const type = value.type || 'application/octet-stream';
      parts.push(`${disposition}; filename="${quoted(value.name)}"\r\ncontent-type: ${type}\r\n\r\n`);
      parts.push(value, '\r\n');
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { blob: new Blob(parts), contentType: `multipart/form-data; boundary=${boundary}` };
}

function crlf(text) {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** In a header, a line break or quote would end the name. */
function quoted(name) {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

module.exports = { toMultipart };
