-- Partition headers: the numbers of a partition, and the check of the replication id in front of every call.
--
-- A header is the hash {<ns>:<p>}:m with boot (replication id), wl (world-line), lsn, id (identity of the namespace), f (format),
-- broken, rn, rs and rw (bucket of step results). A call works only where boot is the replication id of this very server process
-- (master_replid: it changes at every start, promotion and full resync). The comparison with `cached` saves reading INFO. Only a
-- primary fills it: a replica has the id of its primary, and would take that id for its own once promoted. A primary's cache goes
-- stale only when it becomes a replica; its data is then the other server's with the headers, or still its own.
-- Returned codes: NEEDS_RECOVERY (nothing was written; call recover and send again).
do
  local cached

  -- The replication id of this server process, and its role.
  function headers.replication_id()
    local info = redis.call('INFO', 'replication')
    return string.match(info, 'master_replid:(%w+)'), string.match(info, 'role:(%w+)')
  end

  -- Whether the caller may work with this server process. `world_line` is that of its last handshake (0: none yet). A later one
  -- in the header means that another process recovered, and that the caller has claims to resume first; an earlier one, that
  -- the recovery it knows of was lost.
  local function admits(found_id, found_wl, world_line)
    if not found_id then return false end
    if found_id ~= cached then
      local id, role = headers.replication_id()
      if found_id ~= id then return false end
      if role == 'master' then cached = id end
    end
    return world_line == 0 or world_line == tonumber(found_wl)
  end

  -- Nothing, or the code with which the call must end. For calls that open no partition.
  function headers.error_code(key, world_line)
    local found = redis.call('HMGET', key, 'boot', 'wl')
    if not admits(found[1], found[2], world_line) then return 'NEEDS_RECOVERY' end
  end

  -- The partitions behind keys[first..], or nil and a code. Checking the first header is enough: a recovery gives all partitions
  -- of a primary the same replication id and world-line in one call. A header that does not exist was not part of it.
  function headers.open(keys, first, world_line)
    local parts, wl = {}
    for i = first, #keys do
      local key, found = keys[i]
      if wl then
        found = redis.call('HMGET', key, 'lsn', 'broken')
      else
        found = redis.call('HMGET', key, 'lsn', 'broken', 'boot', 'wl', 'rn', 'rs', 'rw')
        if not admits(found[3], found[4], world_line) then return nil, 'NEEDS_RECOVERY' end
        wl = found[4]
      end
      if not found[1] then return nil, 'NEEDS_RECOVERY' end
      -- All fields at once: a table that grows costs more than one that is made large.
      parts[i - first + 1] = {
        key = key, tag = string.sub(key, 1, -3), wl = wl, lsn = tonumber(found[1]), broken = found[2],
        topics = false, lanes = false, -- read by the batch
        request = false, lsn_text = false, position = false, results = false, found = found,
      }
    end
    return parts
  end

  -- A whole number as text. Redis formats a number argument with %.17g, which costs more than many a command.
  function headers.text(number)
    return string.format('%d', number)
  end

  -- Takes the partition's next LSN for the current request. A request calls this before its first write.
  function headers.begin(batch, part)
    if part.request == batch.request then return end
    part.request, part.lsn = batch.request, part.lsn + 1
    part.lsn_text, part.position = headers.text(part.lsn), false
  end

  -- The position of the current request's writes in the partition.
  function headers.position(part)
    part.position = part.position or part.wl .. '-' .. part.lsn_text
    return part.position
  end

  -- Writes the LSNs back; runs on every path of a batch.
  function headers.close(parts)
    for _, part in ipairs(parts) do
      if part.request then redis.call('HSET', part.key, 'lsn', part.lsn_text) end
    end
  end

  function headers.now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
end
