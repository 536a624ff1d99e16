'use strict';

// The rotations of one client, as its log and the channels tell of them.

const { sinceStart } = require('../clock.js');
const { rotations, sessions, tellEnd, tellWhole, thread } = require('./channels.js');

class Rotations {
  /** Counts the clients of this thread. */
  client = (thread.clients += 1);
  /**
   * By session: the rotations under way, with the epochs of their logins. A login does not end the rotation that it overtakes,
   * so that there may be two.
   * @type {Map<string, { epoch: number, message: any, run: import('./channels.js').Run | undefined }[]>}
   */
  #underWay = new Map();

  /** @param {string} session @param {number} epoch @param {string} cause */
  begin(session, epoch, cause) {
    const message = {
      ...{
        id: (thread.rotations += 1),
        client: this.client,
        session,
        cause,
        attempts: 0,
        outcome: undefined,
      },
      ...{ errorCode: undefined, generation: undefined, leaseWait: 0 },
      ...{ startedAt: sinceStart(), duration: undefined },
    };
    const run = tellWhole(rotations, message);
    this.#underWay.set(session, [...this.#of(session), { epoch, message, run }]);
  }

  /**
   * Calls user code in the context of the rotation that it is a part of, so that spans which it makes are children of the rotation's.
   * @template T @param {string | null | undefined} session  without a rotation under way, the code is called all the same
   * @param {number | null | undefined} epoch  undefined: of the latest rotation @param {() => T} work
   */
  within(session, epoch, work) {
    const run = this.#of(session).findLast((one) => epoch === undefined || one.epoch === epoch)?.run;
    return run === undefined ? work() : run(work);
  }

  /** @param {string} session @param {number} epoch @param {number} attempt */
  refresh(session, epoch, attempt) {
    const message = this.#find(session, epoch);
    if (message !== undefined) message.attempts = attempt;
  }

  /**
   * @param {string} session @param {number} epoch @param {string} outcome @param {string | null} code @param {number} generation
   * @param {number} leaseWait
   */
  end(session, epoch, outcome, code, generation, leaseWait) {
    const message = this.#find(session, epoch);
    // It began with another client, whose thread has ended.
    if (message === undefined) return;
    const left = this.#of(session).filter((other) => other.message !== message);
    if (left.length === 0) this.#underWay.delete(session);
    else this.#underWay.set(session, left);
    const errorCode = code ?? undefined;
    Object.assign(message, { outcome, errorCode, generation, leaseWait });
    tellEnd(rotations, message);
    if (outcome === 'adopted') this.tell('adopted', session);
  }

  /** The fields of a log line about the latest rotation under way. @param {string} session */
  about(session) {
    const message = this.#of(session).at(-1)?.message;
    if (message === undefined) return { session };
    const { cause, attempts: attempt, startedAt } = message;
    return { session, cause, attempt, duration: sinceStart() - startedAt };
  }

  /** @param {'login' | 'logout' | 'lost' | 'adopted'} event @param {string} session */
  tell(event, session) {
    sessions.publish({ event, client: this.client, session });
  }

  #of(session) {
    return this.#underWay.get(session) ?? [];
  }

  #find(session, epoch) {
    return this.#of(session).find((one) => one.epoch === epoch)?.message;
  }
}

exports.Rotations = Rotations;
