'use strict';

// The rotations of one client, as its log and the channels tell of them.

const { sinceStart } = require('../clock.js');
const { rotations, sessions, tellEnd, tellStart } = require('./channels.js');

let lastId = 0;

class Rotations {
  /** By session. @type {Map<string, any>} */
  #underWay = new Map();

  /** @param {string} session @param {string} cause */
  begin(session, cause) {
    lastId += 1;
    const message = {
      ...{ id: lastId, session, cause, attempts: 0, outcome: undefined, errorCode: undefined },
      ...{ generation: undefined, leaseWait: 0, startedAt: sinceStart(), duration: undefined },
    };
    this.#underWay.set(session, message);
    tellStart(rotations, message);
  }

  /** @param {string} session @param {number} attempt */
  refresh(session, attempt) {
    const message = this.#underWay.get(session);
    if (message !== undefined) message.attempts = attempt;
  }

  /** @param {string} session @param {string} outcome @param {string | null} code @param {number} generation @param {number} leaseWait */
  end(session, outcome, code, generation, leaseWait) {
    const message = this.#underWay.get(session);
    // It began with another client, whose thread has ended.
    if (message === undefined) return;
    this.#underWay.delete(session);
    const errorCode = code ?? undefined;
    Object.assign(message, { outcome, errorCode, generation, leaseWait });
    tellEnd(rotations, message);
    if (outcome === 'adopted') tellSession('adopted', session);
  }

  /** The fields of a log line about the rotation under way. @param {string} session */
  about(session) {
    const message = this.#underWay.get(session);
    if (message === undefined) return { session };
    const { cause, attempts: attempt, startedAt } = message;
    return { session, cause, attempt, duration: sinceStart() - startedAt };
  }
}

/** @param {'login' | 'logout' | 'lost' | 'adopted'} event @param {string} session */
function tellSession(event, session) {
  sessions.publish({ event, session });
}

module.exports = { Rotations, tellSession };
