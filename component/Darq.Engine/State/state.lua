-- State: values with etags that never repeat.
--
-- <tag>:s:<key> is a string: '<etag> <expiry in ms, 0 = none> <value>'; the etag is the position of the write. One SET writes value,
-- etag and Redis' own expiry, ends an earlier expiry, and replaces a key of another type, which another program wrote.
-- get: KEYS[1] a header, ARGV[1] world-line of the last handshake, ARGV[2] count of partitions, their tags, then place and key of each
-- value. Returns NEEDS_RECOVERY, or what is stored of each in order (nothing for a missing key; for one of another type a ! and the
-- error): one snapshot. Complexity O(keys). Writes nothing.
--
-- Operations, alone as a request `write` or inside a step: place, u|d, key, value, guard ('' none, * the key must be absent,
-- else the etag it must have), time to live in ms (0 = none). write replies OK <position> | CONFLICT.
do
  state.width = 6

  local longest_etag = '63'

  function state.get(_, args)
    -- One header is enough: a recovery moves all partitions of a primary in one call.
    local code = headers.error_code(args[3], tonumber(args[1]))
    if code then return code end
    for at = 4, 2 + tonumber(args[2]) do headers.probe(args[at]) end
    local values = {}
    for at = 3 + tonumber(args[2]), #args, 2 do
      local found = redis.pcall('GET', args[2 + tonumber(args[at])] .. ':s:' .. args[at + 1])
      if type(found) == 'table' then found = '!' .. found.err end
      values[#values + 1] = found
    end
    return values
  end

  -- The etag of a key, or nothing where it is missing or none of ours; throws for one of another type.
  function state.etag(key)
    return string.match(redis.call('GETRANGE', key, '0', longest_etag), '^(%d+%-%d+) ')
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
    return not now and state.etag(key) == guard
  end

  function state.write(batch, args, at)
    local part, ttl = partitions.at(batch, args[at]), tonumber(args[at + 5])
    local key = part.tag .. ':s:' .. args[at + 2]
    headers.begin(batch, part)
    if args[at + 1] == 'd' then
      redis.call('UNLINK', key)
      -- The position at which a strong read finds the key missing.
      headers.set(part, 'dl', part.lsn_text)
    elseif ttl > 0 then
      local expiry = headers.text(batch.now + ttl)
      redis.call('SET', key, headers.position(part) .. ' ' .. expiry .. ' ' .. args[at + 3], 'PXAT', expiry)
    else
      redis.call('SET', key, headers.position(part) .. ' 0 ' .. args[at + 3])
    end
  end

  function requests.write(batch, args, at)
    if args[at + 4] ~= '' and not state.admits(batch, args, at, {}) then return 'CONFLICT' end
    state.write(batch, args, at)
    return 'OK ' .. headers.position(partitions.at(batch, args[at]))
  end
end
