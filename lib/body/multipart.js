'use strict';

// Encodes FormData as a multipart/form-data body (RFC 7578, and the HTML standard). The result is a Blob, because a Blob can
// be read again for a replay and leaves files on the disk.

const { Blob } = require('node:buffer');
const { randomUUID } = require('node:crypto');
const { invalidOption } = require('../errors.js');

/** Later changes of the form do not change the result. @param {FormData} form */
function toMultipart(form) {
  const boundary = `token-rotator-${randomUUID()}`;
  const parts = [];
  for (const [name, value] of form) {
    const disposition = `--${boundary}\r\ncontent-disposition: form-data; name="${quoted(crlf(name))}"`;
    if (typeof value === 'string') {
      parts.push(`${disposition}\r\n\r\n${crlf(value)}\r\n`);
    } else {
      // A file of another library would be turned into text without a word.
      if (!(value instanceof Blob))
        throw invalidOption('body', "FormData with text and Node's own Blobs and Files");
      const type = value.type || 'application/octet-stream';
      parts.push(
        `${disposition}; filename="${quoted(/** @type {File} */ (value).name)}"\r\ncontent-type: ${type}\r\n\r\n`,
      );
      parts.push(value, '\r\n');
    }
  }
  parts.push(`--${boundary}--\r\n`);
  return { blob: new Blob(parts), contentType: `multipart/form-data; boundary=${boundary}` };
}

function crlf(text) {
  return text.replace(/\r\n|\r|\n/g, '\r\n');
}

/** A line break or a quote would end the name in its header. */
function quoted(name) {
  return name.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22');
}

module.exports = { toMultipart };
