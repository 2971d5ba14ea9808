-- Step: consumed deliveries + state + emitted messages, all or nothing, once.
--
-- Arguments: place of the home partition, step id ('' = none), retention of the result in ms,
--   count of consumed: place, group, topic, incarnation, <world-line>, <seq>; count of reads: place, key, etag it was read
--   with ('' = it was absent); count of state operations (state.lua); count of emits (append.lua).
-- Replies: OK <position> then per emit <stream id> <position>, with a leading = where it is a duplicate;
--   DUPLICATE and the same, for a step whose result is on record (step id, else first consumed message);
--   STALE <index of a consumed message that is done with, without a result that is still kept> | FENCED |
--   CONFLICT <indexes of operations, and of reads with a leading r> | FULL <index of emit>.
-- The record is looked up before any fence: a step that took effect is never told that it was fenced. Everything is
-- checked before the first write. Complexity O(consumed + reads + operations + emits).
-- Results: <tag>:r:<n> (hash: name -> reply), in the home partition.
do
  local function counted(args, at, width)
    local count = tonumber(args[at])
    return { first = at + 1, count = count, width = width }, at + 1 + count * width
  end

  local function each(list)
    local i = -1
    return function()
      i = i + 1
      if i < list.count then return i, list.first + i * list.width end
    end
  end

  local function name_of(step_id, consumed, args)
    if step_id ~= '' then return 's:' .. step_id end
    if consumed.count == 0 then return nil end
    local at = consumed.first
    return 'm:' .. args[at + 1] .. ':' .. args[at + 2] .. ':' .. args[at + 4] .. '-' .. args[at + 5]
  end

  local function results_of(home)
    if not home.results then
      home.results = buckets.family(home.key, home.tag .. ':r:', 'r', redis.call('HMGET', home.key, 'rn', 'rs', 'rw'), 1)
    end
    return home.results
  end

  -- Whether a message is done with. One that is not has no recorded step: both are written together.
  local function is_done(batch, args, at)
    return not lanes.pending(lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2]), tonumber(args[at + 5]))
  end

  -- The lanes of the consumed messages, or nil and a code. The first refusal counts, but a consumed one beats a fence.
  local function fence(batch, args, consumed)
    local found, fenced = {}, false
    for i, at in each(consumed) do
      local lane = lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2])
      if not lanes.pending(lane, tonumber(args[at + 5])) then return nil, 'STALE ' .. i end
      fenced = fenced or not lanes.held(lane, batch.session, args[at + 3])
      found[i] = lane
    end
    if fenced then return nil, 'FENCED' end
    return found
  end

  -- What was read must still be there as it was, whatever the step itself writes to it.
  local function conflicts(batch, args, reads, operations)
    local written, failed = {}, {}
    for i, at in each(reads) do
      local etag = redis.call('HGET', partitions.at(batch, args[at]).tag .. ':s:' .. args[at + 1], 'e')
      if (etag or '') ~= args[at + 2] then failed[#failed + 1] = 'r' .. i end
    end
    for i, at in each(operations) do
      if not state.admits(batch, args, at, written) then failed[#failed + 1] = i end
    end
    return #failed > 0 and table.concat(failed, ' ')
  end

  local function apply(batch, args, home, consumed, operations, emits, found)
    marks.begin(batch, home)
    for i, at in each(consumed) do
      local lane = lanes.open(found[i].part, args[at + 1], args[at + 2])
      local seq = tonumber(args[at + 5])
      -- The same message may be named twice.
      local pending = lanes.pending(lane, seq)
      if pending then
        marks.begin(batch, lane.part)
        lanes.finish(lane, args[at + 4], seq, pending, 'c')
        lanes.trim(lane)
      end
    end
    for _, at in each(operations) do state.write(batch, args, at) end
    local replies = { marks.position(home) }
    for _, at in each(emits) do replies[#replies + 1] = topics.append(batch, args, at) end
    return table.concat(replies, ' ')
  end

  function requests.step(batch, args, at)
    local home, step_id, retention = partitions.at(batch, args[at]), args[at + 1], tonumber(args[at + 2])
    local consumed, after_consumed = counted(args, at + 3, 6)
    local reads, after_reads = counted(args, after_consumed, 3)
    local operations, after_operations = counted(args, after_reads, state.width)
    local emits = counted(args, after_operations, topics.width)
    local name = name_of(step_id, consumed, args)
    local results = name and results_of(home)
    local known = name and (step_id ~= '' or is_done(batch, args, consumed.first)) and buckets.find(results, name)
    if known then return 'DUPLICATE ' .. known end
    local found, refused = fence(batch, args, consumed)
    if not found then return refused end
    local clash = conflicts(batch, args, reads, operations)
    if clash then return 'CONFLICT ' .. clash end
    local crowded = topics.crowded(batch, args, emits.first, emits.count)
    if crowded then return 'FULL ' .. crowded end
    local reply = apply(batch, args, home, consumed, operations, emits, found)
    if name then buckets.put(results, name, reply, retention, batch.now) end
    return 'OK ' .. reply
  end
end
