-- Partition headers: the numbers of a partition, and the check of the replication id in front of every call.
--
-- A header is the hash <tag>:m. Fixed fields: boot (replication id), wl (world-line), lsn, id (identity of the namespace), f
-- (format), broken, dl (LSN of the last delete), tick (of one header: when the watermark last wrote it, ms). Further fields are one
-- text each, so that one HMGET reads and one HSET writes all that a call needs of a partition: r (buckets of step results),
-- t:<topic>, d:<topic> and r:<topic> (append.lua), l:<group>:<topic>
-- (lane.lua). A call works only where boot is the replication id of this very server process (master_replid: it changes at every
-- start, promotion and full resync). The comparison with `cached` saves reading INFO. Only a primary fills it: a replica has the id
-- of its primary, and would take that id for its own once promoted. A primary's cache goes stale only when it becomes a replica;
-- its data is then the other server's with the headers, or still its own.
-- Returned codes: NEEDS_RECOVERY (nothing was written; call recover and send again).
-- Damage is what no call of ours writes: a key of another type, a text in another form. It stays with its key: a call goes on with the
-- other partitions and lanes, and what needs the key ends with an error that names it.
do
  local cached, clustered

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

  -- Ends the call, before it wrote, where a cluster keeps the partition elsewhere or is moving it: only a key that is missing shows
  -- a move that has begun.
  function headers.probe(tag)
    if clustered == nil then clustered = string.find(redis.call('INFO', 'cluster'), 'cluster_enabled:1', 1, true) ~= nil end
    local answer = clustered and redis.pcall('EXISTS', tag .. ':-')
    if type(answer) == 'table' then error({ err = 'TRYAGAIN partition ' .. tag .. ': ' .. answer.err }) end
  end

  -- cluster: no keys. Returns the number of shards that have slots, and the number of slots that are assigned.
  function partitions.cluster()
    local info = redis.call('CLUSTER', 'INFO')
    return { string.match(info, 'cluster_size:(%d+)'), string.match(info, 'cluster_slots_assigned:(%d+)') }
  end

  -- The text of an error.
  function headers.reason(failure)
    local text = type(failure) == 'table' and failure.err or tostring(failure)
    return (string.gsub(text, '%s+', ' '))
  end

  function headers.fail(key, what)
    error({ err = 'DAMAGED key ' .. key .. ': ' .. what })
  end

  -- The answer of a redis.pcall about a key, where it is no error.
  function headers.sure(answer, key)
    if type(answer) == 'table' and answer.err then headers.fail(key, headers.reason(answer)) end
    return answer
  end

  -- Throws where a key is there and not of this type. For keys that a call writes to after others, and has not read.
  function headers.check(key, kind)
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then headers.fail(key, 'it is a ' .. found .. ', not a ' .. kind) end
  end

  -- What is wrong with a header of which boot, wl and lsn were read; nothing where it is sound or not there.
  function headers.damage(found, boot, wl, lsn)
    if found.err then return headers.reason(found) end
    if (boot or wl) and not tonumber(lsn or '-') then return 'field lsn is ' .. (lsn and 'no number' or 'missing') end
    if (boot or lsn) and not tonumber(wl or '-') then return 'field wl is ' .. (wl and 'no number' or 'missing') end
  end

  -- Nothing, or the code with which the call must end. For calls that open no partition.
  function headers.error_code(tag, world_line)
    headers.probe(tag)
    local found = headers.sure(redis.pcall('HMGET', tag .. ':m', 'boot', 'wl'), tag .. ':m')
    if not admits(found[1], found[2], world_line) then return 'NEEDS_RECOVERY' end
  end

  -- Values of the fields listed after `from`, by name. Most calls list up to three, for which the table is made at once.
  local function fields_of(found, args, from, count)
    if count == 0 then return {} end
    if count == 1 then return { [args[from + 1]] = found[5] } end
    if count == 2 then return { [args[from + 1]] = found[5], [args[from + 2]] = found[6] } end
    local fields = { [args[from + 1]] = found[5], [args[from + 2]] = found[6], [args[from + 3]] = found[7] }
    for n = 4, count do fields[args[from + n]] = found[4 + n] end
    return fields
  end

  -- The partitions listed in `args` from `at`: their count, then of each its tag, the count of the header's fields that the call
  -- will need, and these. A field that is not listed is read when it is needed. Returns the partitions and the place after the
  -- list, or nil and a code. Of the first sound header the replication id is compared, of the others the world-line with it: a recovery
  -- gives both to all partitions of a primary in one call. A header that does not exist was not part of it, nor one that was damaged
  -- then and is mended now. A damaged one has the text `damaged`.
  function headers.open(args, at, world_line)
    local parts, wl = {}
    local from = at + 1
    for i = 1, tonumber(args[at]) do
      local tag, count = args[from], tonumber(args[from + 1])
      headers.probe(tag)
      local found = redis.pcall('HMGET', tag .. ':m', 'lsn', 'broken', 'boot', 'wl', unpack(args, from + 2, from + 1 + count))
      local damage = headers.damage(found, found[3], found[4], found[1])
      if damage then
        parts[i] = { key = tag .. ':m', tag = tag, damaged = damage }
      else
        if not wl then
          if not admits(found[3], found[4], world_line) then return nil, 'NEEDS_RECOVERY' end
          wl = found[4]
        end
        if not found[1] or found[4] ~= wl then return nil, 'NEEDS_RECOVERY' end
        -- All fields at once: a table that grows costs more than one that is made large.
        parts[i] = {
          key = tag .. ':m', tag = tag, wl = wl, lsn = found[1] + 0, broken = found[2], fields = fields_of(found, args, from + 1, count),
          changed = false, topics = false, lanes = false, request = false, lsn_text = false, position = false, results = false,
          damaged = false,
        }
      end
      from = from + 2 + count
    end
    return parts, from
  end

  -- Throws for a partition with a damaged header.
  function headers.sound(part)
    if part.damaged then headers.fail(part.key, part.damaged) end
    return part
  end

  -- A field of the header, or false where it has none.
  function headers.field(part, name)
    local value = part.fields[name]
    if value == nil then
      value = redis.call('HGET', part.key, name)
      part.fields[name] = value
    end
    return value
  end

  -- Changes a field that hardly any call changes; partitions.close writes it.
  function headers.set(part, name, value)
    part.fields[name] = value
    part.changed = part.changed or {}
    part.changed[name] = value
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

  -- How far the partition has come: what a reply rests on is there as long as this position survives.
  function headers.reached(part)
    return part.wl .. '-' .. (part.lsn_text or headers.text(part.lsn))
  end

  -- Tells waiting processes. They also ask from time to time, so that a message that Redis refuses to send changes nothing.
  function headers.wake(part, text)
    redis.pcall('SPUBLISH', part.tag .. ':w', text)
  end

  function headers.now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
end
