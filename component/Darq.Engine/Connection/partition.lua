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

  -- Whether the caller may work with this server process. `world_line` is that of its last contact (0: it has had none).
  -- A later one in the mark means that somebody else recovered, and that the caller has claims to resume first; an earlier
  -- one, that the recovery it knows of was lost.
  local function admits(found_boot, found_wl, world_line)
    if not found_boot then return false end
    if found_boot ~= cached then
      local boot, role = marks.boot()
      if found_boot ~= boot then return false end
      if role == 'master' then cached = boot end
    end
    return world_line == 0 or world_line == tonumber(found_wl)
  end

  -- For calls that read only: nothing, or a code.
  function marks.refused(key, world_line)
    local found = redis.call('HMGET', key, 'boot', 'wl')
    if not admits(found[1], found[2], world_line) then return 'NEEDS_RECOVERY' end
  end

  -- The partitions behind keys[first..], or nil and a code. The first mark speaks for all, because a recovery gives all
  -- partitions of a primary the same boot and world-line in one call; of the others only those that exist were in it.
  function marks.open(keys, first, world_line)
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
      -- With all fields that it will have: a table that grows costs more than one that is made large.
      parts[i - first + 1] = {
        key = key, tag = string.sub(key, 1, -3), wl = wl, lsn = tonumber(found[1]), broken = found[2],
        topics = false, lanes = false, -- what a batch has read of it
        request = false, lsn_text = false, position = false, results = false, found = found,
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
    part.lsn_text, part.position = marks.text(part.lsn), false
  end

  -- The position of what the request that runs writes there.
  function marks.position(part)
    part.position = part.position or part.wl .. '-' .. part.lsn_text
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
