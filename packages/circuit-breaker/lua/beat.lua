-- Shows that an instance is alive, and tells it all verdicts that may still matter.
--
-- ARGV[2]  instance, zone, leaving (it is about to end), version,
--          mode and dissent [{ breaker, state, scope }]: what operators are to know of the instance
--
-- Reply: { now, instances, verdicts }. Error SLUICE_FLEET_VERSION: others use these keys by other rules.
local KEPT = 600000
local version = redis.call('GET', KEYS[6])
if version and version ~= command.version then
  return redis.error_reply('SLUICE_FLEET_VERSION found ' .. version .. ', need ' .. command.version)
end
redis.call('SET', KEYS[6], command.version, 'PX', KEPT)

local gone = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - command.aliveMs)
if command.leaving then
  gone[#gone + 1] = command.instance
else
  redis.call('ZADD', KEYS[2], now, command.instance)
  redis.call('ZADD', KEYS[3], now, command.zone)
  redis.call('HSET', KEYS[8], command.instance, cjson.encode({
    instance = command.instance,
    zone = command.zone,
    mode = command.mode,
    dissent = #command.dissent > 0 and command.dissent or nil,
    at = now,
  }))
end
for _, instance in ipairs(gone) do
  redis.call('ZREM', KEYS[2], instance)
  redis.call('HDEL', KEYS[8], instance)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - command.aliveMs)
for _, key in ipairs({ KEYS[2], KEYS[3], KEYS[8] }) do
  redis.call('PEXPIRE', key, 2 * command.aliveMs)
end

local verdicts = {}
local records = redis.call('HGETALL', KEYS[1])
for i = 2, #records, 2 do
  local record = cjson.decode(records[i])
  local forced = record.state == 'forced-open' or record.state == 'disabled'
  if (not forced or record.ends) and now - (record.ends or record.since) > KEPT then
    redis.call('HDEL', KEYS[1], record.breaker)
  else
    verdicts[#verdicts + 1] = verdictOf(record)
  end
end
if #records > 0 then
  redis.call('PEXPIRE', KEYS[1], 30 * DAY)
end
return cjson.encode({ now = now, instances = countInstances(), verdicts = #verdicts > 0 and verdicts or nil })
