-- Takes the right to fetch for all instances, or leaves word that somebody waits for whoever has it.
--
-- KEYS[1]  string: the holder's token
-- KEYS[2]  string: there while anybody waits
-- ARGV[1]  the taker's token
-- ARGV[2]  how long the lease lives, ms
--
-- Reply: 1 if it was taken, else 0.
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return 1
end
redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
return 0
