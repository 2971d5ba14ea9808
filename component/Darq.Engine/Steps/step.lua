-- Step: consumed deliveries + state + emitted messages, all or nothing, once.
--
-- Arguments: place of the home partition, step id ('' = none), retention of the result in ms,
--   count of consumed: place, group, topic, fencing token, <world-line>, <seq>, message id; count of reads: place, key, etag it
--   was read with ('' = it was absent); count of state operations (state.lua); count of emits (append.lua).
-- Replies: OK <position> then per emit <stream id> <position>, with a leading = where it is a duplicate;
--   DUPLICATE and the same, for a step whose result is on record (step id, else first consumed message);
--   STALE <index of a message that is already consumed, whose result is no longer kept> | FENCED |
--   CONFLICT <indexes of operations, and of reads with a leading r> | FULL <index of emit>.
-- The step looks up its record before any fence: a step that took effect never gets FENCED. It checks everything
-- before the first write. Complexity O(consumed + reads + operations + emits).
-- Results: <tag>:r:<n> (hash: name -> '<first consumed message as stream id, or -> <reply>'), in the home partition. An id may come
-- twice, as that of a dead letter does: only the record of this very message is its result.
do
  local widths = { consumed = 7, reads = 3 }

  -- `list` is the place of a list's count; its entries follow, then the next list.
  local function after(args, list, width)
    return list + 1 + tonumber(args[list]) * width
  end

  local function name_of(step_id, consumed, args)
    if step_id ~= '' then return 's:' .. step_id end
    if args[consumed] == '0' then return nil end
    return 'm:' .. args[consumed + 2] .. ':' .. args[consumed + 3] .. ':' .. args[consumed + 7]
  end

  local function results_of(home)
    home.results = home.results or buckets.family(home, 'r', home.tag .. ':r:')
    return home.results
  end

  -- Whether a message is already consumed. One that is not has no recorded step: both are written together.
  local function is_consumed(batch, args, at)
    return not lanes.pending(lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2]), tonumber(args[at + 5]))
  end

  -- Nothing, or a code. The first one counts, but STALE goes before FENCED.
  local function fence(batch, args, consumed, reads)
    local fenced = false
    for at = consumed + 1, reads - 1, widths.consumed do
      if is_consumed(batch, args, at) then return 'STALE ' .. (at - consumed - 1) / widths.consumed end
      local lane = lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2])
      fenced = fenced or not lanes.is_owner(lane, batch.session, args[at + 3])
    end
    return fenced and 'FENCED'
  end

  -- Whether the step has a read or a guard. Throws for a broken partition, before the first write.
  local function is_guarded(batch, args, reads, operations, emits)
    local guarded = operations > reads + 1
    for at = operations + 1, emits - 1, state.width do
      partitions.at(batch, args[at])
      guarded = guarded or args[at + 4] ~= ''
    end
    return guarded
  end

  -- Reads are compared with the stored etags, also where the step itself writes those keys.
  local function conflicts(batch, args, reads, operations, emits)
    if not is_guarded(batch, args, reads, operations, emits) then return false end
    local written, failed = {}, {}
    for at = reads + 1, operations - 1, widths.reads do
      local etag = state.etag(partitions.at(batch, args[at]).tag .. ':s:' .. args[at + 1])
      if (etag or '') ~= args[at + 2] then failed[#failed + 1] = 'r' .. (at - reads - 1) / widths.reads end
    end
    for at = operations + 1, emits - 1, state.width do
      if not state.admits(batch, args, at, written) then failed[#failed + 1] = (at - operations - 1) / state.width end
    end
    return #failed > 0 and table.concat(failed, ' ')
  end

  local function consume(batch, args, consumed, reads)
    for at = consumed + 1, reads - 1, widths.consumed do
      local lane = lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2])
      local seq = tonumber(args[at + 5])
      -- The same message may be named twice.
      local pending = lanes.pending(lane, seq)
      if pending then
        headers.begin(batch, lane.part)
        lanes.finish(lane, args[at + 4], seq, pending, 'consumed')
        lanes.trim(lane)
      end
    end
  end

  local function emit(batch, args, emits, reply)
    local replies = { reply }
    for at = emits + 1, after(args, emits, topics.width) - 1, topics.width do
      replies[#replies + 1] = topics.append(batch, args, at)
    end
    return table.concat(replies, ' ')
  end

  -- The record of a consumed message only answers repetitions, which fail while its bucket is damaged; the step itself stands.
  local function record(results, step_id, name, result, retention, now)
    if step_id ~= '' then
      buckets.put(results, name, result, retention, now)
    else
      pcall(buckets.put, results, name, result, retention, now)
    end
  end

  local function recorded(known, cause)
    local of, reply = string.match(known, '^(%S+) (.*)$')
    return of == cause and reply
  end

  function requests.step(batch, args, at)
    local home, step_id, consumed = partitions.at(batch, args[at]), args[at + 1], at + 3
    local reads = after(args, consumed, widths.consumed)
    local operations = after(args, reads, widths.reads)
    local emits = after(args, operations, state.width)
    local name = name_of(step_id, consumed, args)
    local results = name and results_of(home)
    local known = name and (step_id ~= '' or is_consumed(batch, args, consumed + 1)) and buckets.find(results, name)
    local cause = step_id == '' and name and args[consumed + 5] .. '-' .. args[consumed + 6] or '-'
    local reply = known and recorded(known, cause)
    if reply then return 'DUPLICATE ' .. reply end
    local code = fence(batch, args, consumed, reads)
    if code then return code end
    local clash = conflicts(batch, args, reads, operations, emits)
    if clash then return 'CONFLICT ' .. clash end
    local crowded = topics.crowded(batch, args, emits + 1, tonumber(args[emits]), true)
    if crowded then return 'FULL ' .. crowded end
    headers.begin(batch, home)
    consume(batch, args, consumed, reads)
    for from = operations + 1, emits - 1, state.width do state.write(batch, args, from) end
    reply = emit(batch, args, emits, headers.position(home))
    if name then record(results, step_id, name, cause .. ' ' .. reply, tonumber(args[at + 2]), batch.now) end
    return 'OK ' .. reply
  end
end
