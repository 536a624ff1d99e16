-- KEYS[1]: the session's hash, and the channel that tells of its changes.
-- ARGV: the expected version or '', the next version, the next text, how many ms it lives or '', the id of the call.
-- pcall, because Redis 6 hides the code of an error inside another one, and names the line before a refusal of its own:
-- `@user_script: 9: -READONLY You can't write …`. Without the code, a replica would be taken for the master for ever.
local function failure(answer)
  return { err = string.match(answer.err, '^@user_script: %d+: %-(.*)') or answer.err }
end
local stored = redis.pcall('HMGET', KEYS[1], 'version', 'calls')
if stored.err then return failure(stored) end
local version, calls = stored[1] or '', stored[2] or ''

-- Applied earlier: the stored version is this one, or others have written after this very call, whose answer was lost.
if version == ARGV[2] or string.find(calls, ARGV[5], 1, true) then return 1 end
if version ~= ARGV[1] then return 0 end

-- The last eight calls, of 16 digits each.
calls = string.sub(ARGV[5] .. calls, 1, 128)
local written = redis.pcall('HSET', KEYS[1], 'version', ARGV[2], 'text', ARGV[3], 'calls', calls)
if type(written) == 'table' then return failure(written) end
if ARGV[4] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
-- A user without rights on the channel still writes; siblings then poll.
redis.pcall('PUBLISH', KEYS[1], ARGV[2])
return 1
