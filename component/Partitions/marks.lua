-- Marks: the numbers of a partition, and the boot fence in front of every call.
--
-- A mark is the hash {<ns>:<p>}:m with boot, wl (world-line), lsn, id (identity of the namespace), f (format), broken,
-- rn, rs and rw (bucket of step results). A call works only where boot is the id of this very server process
-- (master_replid: it changes at every start, promotion and full resync). The comparison with `cached` saves reading
-- INFO. Only a primary fills it: a replica has the id of its primary, and once promoted it would take that for its own.
-- A primary's cache goes stale only by becoming a replica; its data is then the other's, marks and all, or still its own.
-- Returned codes: NEEDS_RECOVERY (nothing was written; call recover and send again).
do
  local cached

  -- The id of this server process, and its role.
  function marks.boot()
    local info = redis.call('INFO', 'replication')
    return string.match(info, 'master_replid:(%w+)'), string.match(info, 'role:(%w+)')
  end

  -- The partitions behind keys[first..], or nil and a code. `world_line` is that of the caller's last contact (0: it has had
  -- none). A later one here means that somebody else recovered, and that the caller has claims to resume first; an
  -- earlier one, that the recovery it knows of was lost.
  function marks.open(keys, first, world_line)
    local parts = {}
    for i = first, #keys do
      local found = redis.call('HMGET', keys[i], 'boot', 'wl', 'lsn', 'broken')
      if not found[1] then return nil, 'NEEDS_RECOVERY' end
      if found[1] ~= cached then
        local boot, role = marks.boot()
        if found[1] ~= boot then return nil, 'NEEDS_RECOVERY' end
        if role == 'master' then cached = boot end
      end
      if world_line ~= 0 and world_line ~= tonumber(found[2]) then return nil, 'NEEDS_RECOVERY' end
      parts[#parts + 1] = {
        key = keys[i], tag = string.sub(keys[i], 1, -3), wl = found[2], lsn = tonumber(found[3]), broken = found[4],
        topics = {}, lanes = {}, -- what a batch has read of it
      }
    end
    return parts
  end

  -- A whole number as text. Redis writes a number argument with %.17g, which costs more than many a command.
  function marks.text(number)
    return string.format('%d', number)
  end

  -- Takes the partition's next LSN for the request that runs. The first write of a request comes after this.
  function marks.begin(batch, part)
    if part.request == batch.request then return end
    part.request, part.lsn = batch.request, part.lsn + 1
    part.lsn_text = marks.text(part.lsn)
    part.position = part.wl .. '-' .. part.lsn_text
    batch.begun[#batch.begun + 1] = part
  end

  -- The position of what the request that runs writes there.
  function marks.position(part)
    return part.position
  end

  -- Writes the LSNs back; runs on every path of a batch.
  function marks.close(parts)
    for _, part in ipairs(parts) do
      if part.request then redis.call('HSET', part.key, 'lsn', part.lsn_text) end
    end
  end

  function marks.now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
end
