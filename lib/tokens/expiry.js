'use strict';

// When an access token ends, in every form in which servers and programs write it. An expiry that is taken for another one
// costs a refresh for each request, or a token that is used long after its end.
//
// This file reads no clock, because `Date` may be faked: the engine counts a lifetime from its arrival, by its own clock.

const { isDate } = require('node:util/types');

const MOMENTS = ['expiresAt', 'expires_at', 'expiresOn', 'expires_on', 'expiry_date'];
const LIFETIMES = ['expires_in', 'expiresIn'];

const DAY = 86_400;
const MAX_LIFETIME_MS = 365 * DAY * 1000;
/** The last moment of a Date. A greater number is no time. */
const LAST_DATE_MS = 8.64e15;

/** Both fields are its own, so that a polluted Object.prototype adds none. */
const UNKNOWN = { expiresAt: undefined, lifetime: undefined };

/** Numbers below the first are before September 2001 as seconds; those from the second on are after 1973 as milliseconds. */
const SECONDS = [1e9, 1e11];
/** Programs write `expiresAt: 1` for "expired". From here on, a small number is a lifetime in the wrong field. */
const SHORTEST_LIFETIME = 60;

const NUMBER = /^-?\d+(\.\d+)?$/;
/** ISO 8601, or the date of RFC 9110. Date.parse alone would take "7 days" for July. */
const DATE = /^\d{4}-\d\d-\d\d([T ]|$)|^[A-Z][a-z]{2}, \d/;

/**
 * Of a new token the lifetime counts first, because a moment is only right if two clocks agree. A stored lifetime counts
 * for nothing, because it began at an unknown time.
 * @param {(name: string) => unknown} take  takes a field out of the answer
 * @param {'refresh' | 'store' | 'seed' | 'login'} origin
 * @param {(text: string) => void} notice  told of a field that is no time
 * @returns {{ expiresAt: number | undefined, lifetime: number | undefined }}  epoch ms; or ms from the arrival
 */
function readExpiry(take, origin, notice) {
  const moments = MOMENTS.map((name) => read(take(name), name, moment));
  const lifetimes = LIFETIMES.map((name) => read(take(name), name, lifetime));
  const order = origin === 'refresh' ? [...lifetimes, ...moments] : [...moments, ...lifetimes];
  const found = order.find((expiry) => expiry !== undefined) ?? UNKNOWN;
  if (origin !== 'store' || found.lifetime === undefined) return found;
  notice('a stored lifetime began at an unknown time, so that it counts as unknown: store expiresAt');
  return UNKNOWN;

  function read(value, name, readOne) {
    if (value === undefined || value === null) return undefined;
    const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
    const expiry = readOne(number);
    // Servers write 0 and -1 for "unknown".
    const isNone = value === '' || (typeof number === 'number' && number <= 0);
    if (expiry === undefined && !isNone) {
      notice(`${name} is no time that is known; the lifetime counts as unknown`);
    }
    return expiry;
  }
}

/**
 * When the server wants the tokens to be rotated, long before they expire: Microsoft's `refresh_in`, in seconds. A field that is
 * no time counts for nothing, because the tokens end all the same.
 * @returns {{ expiresAt: number | undefined, lifetime: number | undefined }}  epoch ms; or ms from the arrival
 */
function readRefreshAt(take, origin) {
  const at = moment(take('refreshAt'));
  const [after] = ['refresh_in', 'refreshIn'].map(take).map(seconds).filter(Boolean);
  if (origin === 'refresh') return after ?? at ?? UNKNOWN;
  return at ?? (origin === 'store' ? UNKNOWN : (after ?? UNKNOWN));
}

function seconds(value) {
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  if (typeof number !== 'number' || !(number > 0 && number <= LAST_DATE_MS)) return undefined;
  return { expiresAt: undefined, lifetime: Math.min(number * 1000, MAX_LIFETIME_MS) };
}

/** Milliseconds, seconds, a Date or its text. */
function moment(value) {
  const ms = typeof value === 'number' ? value : dateOf(value);
  if (!(ms > 0 && ms <= LAST_DATE_MS)) return undefined;
  if (typeof value !== 'number' || ms >= SECONDS[1]) return at(ms);
  if (ms >= SECONDS[0]) return at(ms * 1000);
  return ms >= SHORTEST_LIFETIME ? lifetime(ms) : at(Math.max(ms, 1));
}

function at(ms) {
  return { expiresAt: Math.floor(ms), lifetime: undefined };
}

function dateOf(value) {
  if (typeof value === 'string' && DATE.test(value)) return Date.parse(value);
  // A Date of another realm is no instance of this realm's class.
  return isDate(value) ? Number(value) : NaN;
}

/** Seconds, as RFC 6749 has it; or milliseconds, or a moment, where the number is plainly that. */
function lifetime(value) {
  if (typeof value !== 'number' || !(value > 0 && value <= LAST_DATE_MS)) return undefined;
  const isMs = isMilliseconds(value);
  if (!isMs && isEpoch(value)) return moment(value);
  const ms = isMs ? value : value * 1000;
  return { expiresAt: undefined, lifetime: Math.min(ms, MAX_LIFETIME_MS) };
}

/** 2017 to 2096, as seconds or milliseconds. As a lifetime it would be half a century. */
function isEpoch(number) {
  return [number, number / 1000].some((seconds) => seconds >= 1.5e9 && seconds < 4e9);
}

/**
 * 3 600 000 is one hour in milliseconds, or 41.7 days in seconds. Lifetimes are round: a number of more than a day is
 * milliseconds if it makes whole hours of them, or whole minutes of them and no whole days in seconds. Servers that round
 * down say 3599 for an hour.
 */
function isMilliseconds(number) {
  if (number <= DAY) return false;
  const rest = number % 60_000;
  return number % 3_600_000 === 0 || rest === 59_000 || (rest === 0 && number % DAY !== 0);
}

exports.readExpiry = readExpiry;
exports.readRefreshAt = readRefreshAt;
