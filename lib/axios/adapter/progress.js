'use strict';

// Calls `onUploadProgress` and `onDownloadProgress` with axios' events, as often as axios does.

const { clearTimeout, setTimeout, sinceStart, soon } = require('../../clock.js');

/** Milliseconds between two events: three a second. */
const PAUSE = 1000 / 3;
/** The rate is measured over so many parts, and not before so many milliseconds. */
const SAMPLES = 50;
const FIRST_RATE = 250;

class Progress {
  #listener;
  #direction;
  #total;
  #told = 0;
  #loaded;
  #last = -Infinity;
  #timer;
  #rate = new Rate();

  /** `direction`: 'upload' or 'download'. `total`: undefined if it is not known. */
  constructor(listener, direction, total) {
    this.#listener = listener;
    this.#direction = direction;
    this.#total = total;
  }

  /** `loaded`: the number of bytes so far. The last event is not delayed, because an answer may come before a stream ends. */
  add(loaded) {
    this.#loaded = loaded;
    const wait = loaded === this.#total ? 0 : this.#last + PAUSE - sinceStart();
    if (wait <= 0) this.#tell();
    else this.#timer ??= setTimeout(() => this.#tell(), wait);
  }

  /** Sends the last event, at the end of the body. */
  flush() {
    if (this.#timer !== undefined) this.#tell();
  }

  #tell() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = sinceStart();
    const event = this.#event();
    // An error of the listener is the program's own, as in axios.
    soon(() => this.#listener.call(undefined, event));
  }

  #event() {
    const total = this.#total;
    const lengthComputable = total !== undefined;
    const loaded = lengthComputable ? Math.min(this.#loaded, total) : this.#loaded;
    // A body that is sent again starts at 0 again.
    const bytes = Math.max(0, loaded - this.#told);
    const rate = this.#rate.of(bytes) || undefined;
    this.#told = Math.max(this.#told, loaded);
    return {
      loaded,
      total,
      progress: total ? loaded / total : undefined,
      bytes,
      rate,
      estimated: rate && total ? (total - loaded) / rate : undefined,
      event: { lengthComputable, total, loaded: this.#loaded },
      lengthComputable,
      [this.#direction]: true,
    };
  }
}

/** Measures bytes per second over the last parts. */
class Rate {
  #samples = [];
  #begin;

  of(bytes) {
    const now = sinceStart();
    this.#begin ??= now;
    const oldest = this.#samples[0]?.at;
    this.#samples.push({ at: now, bytes });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    if (now - this.#begin < FIRST_RATE || oldest === undefined || now === oldest) return undefined;
    const sum = this.#samples.slice(0, -1).reduce((all, sample) => all + sample.bytes, 0);
    return Math.round((sum * 1000) / (now - oldest));
  }
}

exports.Progress = Progress;
