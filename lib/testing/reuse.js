'use strict';

/**
 * The policies for a refresh token that was already spent. `again` answers with the tokens the first
 * spending gave, `rotate` gives new ones, `revoke` ends the session.
 * "Previous" means that none of the tokens it was exchanged for has been spent: the one before that is always a breach.
 */
const POLICIES = {
  strict: () => 'revoke',
  leeway: (spent, now, leeway) => (isPrevious(spent, now, leeway) ? 'rotate' : 'revoke'),
  'parent-of-active': (spent, now) => (isPrevious(spent, now, Infinity) ? 'again' : 'revoke'),
  'same-token-window': (spent, now, leeway) => (isPrevious(spent, now, leeway) ? 'again' : 'revoke'),
};

function isPrevious(spent, now, leeway) {
  return !spent.successorSpent && now - spent.entry.spentAt <= leeway;
}

/** @returns {'revoke' | 'rotate' | 'again'} */
function judgeReuse(policy, spent, now, leeway) {
  return POLICIES[policy](spent, now, leeway);
}

module.exports = { judgeReuse };
