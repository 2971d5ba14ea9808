-- State: values with etags that never repeat.
--
-- <tag>:s:<key> is a hash: v value, e etag (the position of the write), x expiry in ms or absent. The same call sets Redis' own
-- expiry. get: KEYS = the headers of the partitions read, ARGV[1] world-line of the last handshake, then place and
-- key of each value. Returns NEEDS_RECOVERY, or v, e, x of each in order (nothing for a missing key; for a key of another type,
-- which another program wrote, the error as v and an empty e): one snapshot. Complexity O(keys). Writes nothing.
--
-- Operations, alone as a request `write` or inside a step: place, u|d, key, value, guard ('' none, * the key must be absent,
-- else the etag it must have), time to live in ms (0 = none). write replies OK <position> | CONFLICT. A write without a guard
-- replaces any value, also a key of another type.
do
  state.width = 6

  function state.get(keys, args)
    -- One header is enough: a recovery moves all partitions of a primary in one call.
    local code = headers.error_code(keys[1], tonumber(args[1]))
    if code then return code end
    local values, count = {}, 0
    for at = 2, #args, 2 do
      local found = redis.pcall('HMGET', string.sub(keys[tonumber(args[at])], 1, -2) .. 's:' .. args[at + 1], 'v', 'e', 'x')
      if found.err then found = { found.err, '', false } end
      values[count + 1], values[count + 2], values[count + 3] = found[1], found[2], found[3]
      count = count + 3
    end
    return values
  end

  -- Whether an operation's guard matches; `written` has the keys that earlier operations of the step change.
  function state.admits(batch, args, at, written)
    local guard = args[at + 4]
    local key = partitions.at(batch, args[at]).tag .. ':s:' .. args[at + 2]
    local now = written[key]
    written[key] = args[at + 1]
    if guard == '' then return true end
    if guard == '*' then
      if now then return now == 'd' end
      return redis.call('EXISTS', key) == 0
    end
    return not now and redis.call('HGET', key, 'e') == guard
  end

  -- Only a write without a guard meets another type: a guard fails on it before the first write.
  local function put(key, ...)
    local done = redis.pcall('HSET', key, ...)
    if type(done) ~= 'table' then return end
    if not string.find(done.err, 'WRONGTYPE', 1, true) then error(done) end
    redis.call('UNLINK', key)
    redis.call('HSET', key, ...)
  end

  function state.write(batch, args, at)
    local part, ttl = partitions.at(batch, args[at]), tonumber(args[at + 5])
    local key = part.tag .. ':s:' .. args[at + 2]
    headers.begin(batch, part)
    if args[at + 1] == 'd' then
      redis.call('UNLINK', key)
      -- The position at which a strong read finds the key missing.
      redis.call('HSET', part.key, 'dl', part.lsn_text)
    elseif ttl > 0 then
      local expiry = headers.text(batch.now + ttl)
      put(key, 'v', args[at + 3], 'e', headers.position(part), 'x', expiry)
      redis.call('PEXPIREAT', key, expiry)
    else
      put(key, 'v', args[at + 3], 'e', headers.position(part))
      if redis.call('HDEL', key, 'x') == 1 then redis.call('PERSIST', key) end
    end
  end

  function requests.write(batch, args, at)
    if args[at + 4] ~= '' and not state.admits(batch, args, at, {}) then return 'CONFLICT' end
    state.write(batch, args, at)
    return 'OK ' .. headers.position(partitions.at(batch, args[at]))
  end
end
