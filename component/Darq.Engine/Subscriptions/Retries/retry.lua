-- Retry queue: messages of a lane that wait for their next delivery outside the stream, so that it can be trimmed.
--
-- <tag>:q:<group>:<topic> (zset: score = seq, member = '<stream id> <due ms> <failures> <key>') and
-- <tag>:qb:<group>:<topic> (hash: seq -> body: the fields of the stream entry, each as <letter><length>:<value>). A queued
-- message is acked in its lane, yet pending until it leaves the queue. Requests, each FENCED as an ack is:
-- retry: place, group, topic, fencing token, count, then <world-line>, <seq>, <delay ms>, <failures> of each message. Copies
--       from the stream; a message that is queued already changes due and failures only; a finished one stays finished.
--       Replies OK <queued> <position of the partition>. Safe to repeat. Complexity O(count log queued) and the bytes copied.
-- dead: place, group, topic, fencing token, <world-line>, <seq>, dead-letter topic, id there, metadata, most messages to hold.
--       Moves one message to that topic in the same partition. Replies OK <stream id there> <position of the partition> |
--       OK <position of the partition> (was finished already) | FULL.
-- queued: KEYS[1] header. ARGV[1] world-line of the last handshake, ARGV[2] group, ARGV[3] topic, ARGV[4] seq to continue after,
--       ARGV[5] count, ARGV[6..] list of partitions, of which the first counts. Returns the server's time in ms, then members by
--       seq. NEEDS_RECOVERY as always.
-- bodies: KEYS[1] header. ARGV[1] to [3] as before, ARGV[4] most bytes, ARGV[5..] list of partitions, then place and seq of each
--       message. Returns member and body of each in order (nothing for one that is not queued, DAMAGED and why in place of the
--       member where its queue is damaged), fewer when the bytes are reached.
--       O(messages).
do
  local function entry(lane, wl, seq)
    local id = wl .. '-' .. seq
    local found = redis.call('XRANGE', lane.part.tag .. ':t:' .. lane.topic, id, id)[1]
    if not found then return end
    local fields = {}
    for i = 1, #found[2], 2 do fields[found[2][i]] = found[2][i + 1] end
    return fields
  end

  local function body_of(fields)
    local body = {}
    for _, name in ipairs({ 'i', 'k', 'd', 'm', 't', 'x', 'l' }) do
      body[#body + 1] = name .. #(fields[name] or '') .. ':'
      body[#body + 1] = fields[name] or ''
    end
    return table.concat(body)
  end

  local function fields_of(body)
    local fields, at = {}, 1
    while at <= #body do
      local name, length, from = string.match(body, '^(%a)(%d+):()', at)
      at = from + tonumber(length)
      fields[name] = string.sub(body, from, at - 1)
    end
    return fields
  end

  local function enqueue(batch, lane, wl, seq, delay, failures)
    local pending = lanes.pending(lane, seq)
    local fields = pending == true and entry(lane, wl, seq)
    if not pending or pending == true and not fields then return 0 end
    if fields then
      headers.check(lanes.queue_key(lane), 'zset')
      headers.check(lanes.bodies_key(lane), 'hash')
    end
    headers.begin(batch, lane.part)
    lane.asked = false
    local key
    if fields then
      key = fields.k or ''
      redis.call('HSET', lanes.bodies_key(lane), seq, body_of(fields))
      lanes.ack(lane, wl, seq)
    else
      key = string.match(pending, '^%S+ %S+ %S+ (.*)$')
      redis.call('ZREM', lanes.queue_key(lane), pending)
    end
    local due = headers.text(batch.now + tonumber(delay))
    redis.call('ZADD', lanes.queue_key(lane), seq, wl .. '-' .. seq .. ' ' .. due .. ' ' .. failures .. ' ' .. key)
    return 1
  end

  function requests.retry(batch, args, at)
    local lane = lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2])
    if not lanes.is_owner(lane, batch.session, args[at + 3]) then return 'FENCED' end
    local count = 0
    for from = at + 5, at + 1 + 4 * tonumber(args[at + 4]), 4 do
      count = count + enqueue(batch, lane, args[from], tonumber(args[from + 1]), args[from + 2], args[from + 3])
    end
    if count > 0 then lanes.trim(lane) end
    return 'OK ' .. count .. ' ' .. headers.reached(lane.part)
  end

  function requests.dead(batch, args, at)
    local lane = lanes.open(partitions.at(batch, args[at]), args[at + 1], args[at + 2])
    if not lanes.is_owner(lane, batch.session, args[at + 3]) then return 'FENCED' end
    local wl, seq = args[at + 4], tonumber(args[at + 5])
    local pending = lanes.pending(lane, seq)
    if not pending then return 'OK ' .. headers.reached(lane.part) end
    local body = pending ~= true and redis.call('HGET', lanes.bodies_key(lane), seq)
    local fields = pending == true and entry(lane, wl, seq) or body and fields_of(body)
    -- Its entry or body is gone; what is left of it cannot be delivered, nor moved.
    if not fields then return 'OK ' .. headers.reached(lane.part) end
    -- It is never taken for a repetition.
    local dead_letter = { args[at], args[at + 6], args[at + 7], '', '', '0', fields.k or '', fields.d, args[at + 8], '0', args[at + 9] }
    if topics.crowded(batch, dead_letter, 1, 1) then return 'FULL' end
    local appended = topics.append(batch, dead_letter, 1, true)
    lanes.finish(lane, wl, seq, pending, 'dead')
    lanes.trim(lane)
    return 'OK ' .. string.match(appended, '^%S+') .. ' ' .. headers.reached(lane.part)
  end

  function lanes.index(_, args)
    local parts, code = headers.open(args, 6, tonumber(args[1]))
    if not parts then return code end
    local lane = lanes.open(parts[1], args[2], args[3])
    local page = redis.call('ZRANGEBYSCORE', lanes.queue_key(lane), '(' .. args[4], '+inf', 'LIMIT', 0, args[5])
    table.insert(page, 1, headers.text(headers.now()))
    return page
  end

  function lanes.bodies(_, args)
    local parts, first = headers.open(args, 5, tonumber(args[1]))
    if not parts then return first end
    local found, bytes = {}, 0
    for at = first, #args, 2 do
      if bytes >= tonumber(args[4]) then break end
      local lane = lanes.open(parts[tonumber(args[at])], args[2], args[3])
      -- A queue that is damaged is no fault of the other lanes'.
      local members = redis.pcall('ZRANGEBYSCORE', lanes.queue_key(lane), args[at + 1], args[at + 1])
      local member = members.err and 'DAMAGED key ' .. lanes.queue_key(lane) .. ': ' .. headers.reason(members) or members[1]
      local body = not members.err and member and redis.pcall('HGET', lanes.bodies_key(lane), args[at + 1])
      if type(body) == 'table' then body = false end
      found[#found + 1], found[#found + 2] = member or false, body or false
      bytes = bytes + #(body or '')
    end
    return found
  end
end
