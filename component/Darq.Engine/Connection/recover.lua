-- Recover: gives all partitions of a primary one new world-line after its process changed.
--
-- recover: KEYS[1] the first header. ARGV[1] identity of the namespace, ARGV[2] format, ARGV[3] world-line of the caller's last
--       handshake (0 = none), then the tags of all partitions of the primary.
-- Returns {'OK', world-line, replication id, 1 if this call recovered else 0, then per partition 'wl-lsn': how far the caller's
-- world-line survived, whichever process ended it and even where its beginning was lost with it, ? where that is forgotten, or !<why>
-- for a damaged header, which is left as it is}; {'FOREIGN', identity found} and {'FORMAT', format found} write nothing.
-- Complexity O(P). One call, so that the partitions cannot disagree. Safe to repeat: the first caller decides, a later
-- one gets the same answer.
do
  local kept = 64 -- world-lines of which the last surviving LSN is remembered

  local function remember(tag, wl, lsn)
    local key = tag .. ':wlh'
    redis.call('HSET', key, wl, lsn)
    while redis.call('HLEN', key) > kept do
      local oldest
      for _, known in ipairs(redis.call('HKEYS', key)) do
        if not oldest or tonumber(known) < tonumber(oldest) then oldest = known end
      end
      redis.call('HDEL', key, oldest)
    end
  end

  -- How far a world-line that has ended survived. Where nothing is known of it, all of it was lost, and with it that it began: then what
  -- is left is what survived of those before it. Nothing where so many have ended since that it may be forgotten.
  local function survived_of_ended(tag, world_line)
    local lsn = redis.call('HGET', tag .. ':wlh', headers.text(world_line))
    if lsn then return headers.text(world_line) .. '-' .. lsn end
    local known, latest = redis.call('HGETALL', tag .. ':wlh'), nil
    for at = 1, #known, 2 do
      local number = tonumber(known[at])
      if number < world_line and not (latest and number < tonumber(known[latest])) then latest = at end
    end
    if latest then return known[latest] .. '-' .. known[latest + 1] end
    return #known < 2 * kept and '0-0' or nil
  end

  local function survived(tag, header, world_line)
    if not header[2] then return '0-0' end
    if world_line > 0 and world_line < tonumber(header[2]) then return survived_of_ended(tag, world_line) or '?' end
    return header[2] .. '-' .. header[3]
  end

  -- Normally the time. Where the clock was set back it counts on from the highest that is known; a crash may have taken a higher one,
  -- so that it goes on by a number of this server process, which no other process is likely to share.
  local function next_world_line(highest, replication_id)
    local now = headers.now()
    return now > highest and now or highest + 1 + tonumber(string.sub(replication_id, 1, 5), 16)
  end

  function partitions.recover(_, args)
    local identity, format, highest = args[1], args[2], tonumber(args[3])
    local replication_id, moved, found = headers.replication_id(), false, {}
    for at = 4, #args do headers.probe(args[at]) end
    for at = 4, #args do
      local header = redis.pcall('HMGET', args[at] .. ':m', 'boot', 'wl', 'lsn', 'id', 'f')
      local damage = headers.damage(header, header[1], header[2], header[3])
      if damage then header = { damage = damage } end
      if header[4] and header[4] ~= identity then return { 'FOREIGN', header[4] } end
      if header[5] and header[5] ~= format then return { 'FORMAT', header[5] } end
      found[at] = header
      moved = moved or not damage and header[1] ~= replication_id
      highest = math.max(highest, tonumber(header[2] or 0))
    end
    local answer = { 'OK', '', replication_id, 0 }
    for at = 4, #args do
      local header = found[at]
      if header.damage then
        answer[at + 1] = '!key ' .. args[at] .. ':m: ' .. header.damage
      else
        answer[at + 1] = survived(args[at], header, tonumber(args[3]))
        moved = moved or tonumber(header[2]) < highest
      end
    end
    local wl = highest
    if moved then
      wl, answer[4] = next_world_line(highest, replication_id), 1
      for at = 4, #args do
        local tag, header = args[at], found[at]
        if not header.damage then
          if header[2] then remember(tag, header[2], header[3]) end
          local lsn = header[3] or 0
          redis.call('HSET', tag .. ':m', 'boot', replication_id, 'wl', headers.text(wl), 'lsn', lsn, 'id', identity, 'f', format)
        end
      end
    end
    answer[2] = headers.text(wl)
    return answer
  end

  -- namespace: KEYS[1] {<ns>}:ns (hash: p, f, id, and old: identities of the data that these replace, which an operator names; broken and
  -- accepted: see promise). ARGV[1] partitions, ARGV[2] format, ARGV[3] identity if it is new.
  -- Returns {partitions, format, identity, old} as stored; the first caller decides. Safe to repeat.
  function partitions.namespace(keys, args)
    local key = keys[1]
    if redis.call('EXISTS', key) == 0 then
      redis.call('HSET', key, 'p', args[1], 'f', args[2], 'id', args[3])
    end
    return redis.call('HMGET', key, 'p', 'f', 'id', 'old')
  end

  -- promise: KEYS[1] {<ns>}:ns. ARGV[1] its identity, ARGV[2] the world-line that ended with a loss of what the caller knew as durable, if
  -- nobody accepted that (else 0), ARGV[3] up to which such an operator accepted them, as far as the caller knows. Returns {broken,
  -- accepted}, the highest of all callers, which are kept; zeros, and nothing is written, where the identity is another. Safe to repeat.
  -- promised: the same for who has nothing to tell; it writes nothing.
  function partitions.promise(keys, args)
    local found, highest = redis.call('HMGET', keys[1], 'id', 'broken', 'accepted'), {}
    if found[1] ~= args[1] then return { '0', '0' } end
    for at, field in ipairs({ 'broken', 'accepted' }) do
      local known, told = tonumber(found[at + 1] or 0) or 0, tonumber(args[at + 1])
      if told > known then redis.call('HSET', keys[1], field, headers.text(told)) end
      highest[at] = headers.text(math.max(known, told))
    end
    return highest
  end

  -- ended: KEYS[1] a header. ARGV[1] world-line of the caller's last handshake, ARGV[2] one that ended before it. Returns how far that one
  -- survived here, as recover does; '' where so many have ended since that it may be forgotten; or NEEDS_RECOVERY. Complexity O(kept).
  -- Writes nothing, safe to repeat.
  function partitions.ended(keys, args)
    local tag, world_line, ended = string.match(keys[1], '^(.-):m$'), tonumber(args[1]), tonumber(args[2])
    local code = headers.error_code(tag, world_line)
    if code then return code end
    return survived_of_ended(tag, ended) or ''
  end

  -- tick: KEYS[1] a header. ARGV[1] the world-line of the caller's last handshake. Writes something small, so that WAIT on the same
  -- connection waits for it and with it for all that was written before. Returns the replication id, or NEEDS_RECOVERY, and nothing is
  -- written. Safe to repeat.
  function partitions.tick(keys, args)
    local code = headers.error_code(string.match(keys[1], '^(.-):m$'), tonumber(args[1]))
    if code then return code end
    redis.call('HSET', keys[1], 'tick', headers.text(headers.now()))
    return (headers.replication_id())
  end
end
