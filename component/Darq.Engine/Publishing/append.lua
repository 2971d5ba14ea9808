-- Append: one message to its topic's stream in its partition.
--
-- Keys, all derived from the partition's tag: <tag>:t:<topic> (stream: i explicit id, k key, d data, m metadata,
-- t publish time, x expiry, y bytes appended so far, l LSN), <tag>:n:<topic> (hash: s last seq, y bytes appended, t trimmed up
-- to, dup duplicates refused, a waiting session, gs registered groups, dn ds dw rn rs rw buckets),
-- <tag>:i:<topic>:d<n> and :r<n> (hash: message id -> 'stream id/lsn', and repeated request -> its first reply).
-- Arguments, here and inside a publish or a step: place of the partition, topic, id ('' = none), kind of id (d the
-- publisher's own, r of an event), window in ms, partition key, data, metadata as JSON, time to live in ms (0 = none), most
-- messages to hold.
-- Complexity O(1). The numbers of a topic are read once in a batch and written back at its end. Stream ids are
-- <world-line>-<seq> with seq dense per stream; id record and message are written together, so that neither exists
-- without the other. Append publishes '<topic> <seq>' on <tag>:w for readers that reached the end, followed by the session whose
-- reply shows the message; where only that session waits, append publishes nothing and the field stays.
do
  topics.width = 10 -- arguments of an append

  local none = {}

  function topics.numbers(part, topic)
    local numbers = part.topics and part.topics[topic]
    if numbers then return numbers end
    local key = part.tag .. ':n:' .. topic
    local kept = redis.call('HMGET', key, 's', 'y', 't', 'a', 'rn', 'rs', 'rw', 'gs')
    numbers = {
      key = key, stream = part.tag .. ':t:' .. topic, kept = kept, appended = false, r = false, d = false,
      seq = tonumber(kept[1] or 0), bytes = tonumber(kept[2] or 0), trimmed = tonumber(kept[3] or 0), armed = kept[4],
      groups = kept[8] or '',
    }
    if part.topics then part.topics[topic] = numbers else part.topics = { [topic] = numbers } end
    return numbers
  end

  -- Writes back what the batch appended; runs on every path of a batch.
  function topics.close(parts)
    for _, part in ipairs(parts) do
      for _, numbers in pairs(part.topics or none) do
        if numbers.appended then redis.call('HSET', numbers.key, 's', headers.text(numbers.seq), 'y', headers.text(numbers.bytes)) end
      end
    end
  end

  function topics.ids(part, topic, kind)
    local numbers = topics.numbers(part, topic)
    if not numbers[kind] then
      -- Most messages have no publisher's id, so these fields are read only when needed.
      local kept, at = numbers.kept, 5
      if kind == 'd' then kept, at = redis.call('HMGET', numbers.key, 'dn', 'ds', 'dw'), 1 end
      numbers[kind] = buckets.family(numbers.key, part.tag .. ':i:' .. topic .. ':' .. kind, kind, kept, at)
    end
    return numbers[kind]
  end

  local function is_known(part, args, at)
    return args[at + 2] ~= '' and buckets.find(topics.ids(part, args[at + 1], args[at + 3]), args[at + 2])
  end

  -- As topics.crowded, with the streams counted message by message. Duplicates need no room.
  local function crowded_exactly(batch, args, first, count)
    local wanted = {}
    for i = 0, count - 1 do
      local at = first + i * topics.width
      local part = partitions.at(batch, args[at])
      local numbers = topics.numbers(part, args[at + 1])
      local seen = args[at + 2] ~= '' and numbers.key .. args[at + 3] .. args[at + 2]
      if not (is_known(part, args, at) or wanted[seen]) then
        wanted[numbers] = (wanted[numbers] or 0) + 1
        if numbers.seq - numbers.trimmed + wanted[numbers] > tonumber(args[at + 9]) then return i end
        if seen then wanted[seen] = true end
      end
    end
  end

  -- The index, from 0, of the first of `count` messages for which there is no room. Counts exactly only where one stream might
  -- not have room for them all.
  function topics.crowded(batch, args, first, count)
    for at = first, first + (count - 1) * topics.width, topics.width do
      local numbers = topics.numbers(partitions.at(batch, args[at]), args[at + 1])
      if numbers.seq - numbers.trimmed + count > tonumber(args[at + 9]) then return crowded_exactly(batch, args, first, count) end
    end
  end

  local function original(found)
    local stream_id, wl, lsn = string.match(found, '^((%d+)%-%d+)/(%d+)$')
    return '=' .. stream_id .. ' ' .. wl .. '-' .. lsn
  end

  -- Adds a message that is nothing but data.
  local function add(batch, part, numbers, id, data)
    redis.call('XADD', numbers.stream, id, 'd', data, 't', batch.now_text, 'y', headers.text(numbers.bytes), 'l', part.lsn_text)
  end

  local function write(batch, args, at, part, numbers, id)
    local own, key, meta, ttl = args[at + 3] == 'd' and args[at + 2] or '', args[at + 5], args[at + 7], args[at + 8]
    -- Empty fields are left out: most messages have neither id nor key nor metadata nor expiry.
    if own == '' and key == '' and meta == '' and ttl == '0' then
      add(batch, part, numbers, id, args[at + 6])
      return
    end
    local call = { numbers.stream, id, 'd', args[at + 6], 't', batch.now_text, 'y', headers.text(numbers.bytes), 'l', part.lsn_text }
    if own ~= '' then call[#call + 1], call[#call + 2] = 'i', own end
    if key ~= '' then call[#call + 1], call[#call + 2] = 'k', key end
    if meta ~= '' then call[#call + 1], call[#call + 2] = 'm', meta end
    if ttl ~= '0' then call[#call + 1], call[#call + 2] = 'x', headers.text(batch.now + tonumber(ttl)) end
    redis.call('XADD', unpack(call))
  end

  -- Appends one more message that is nothing but data, after one that this request appended there.
  function topics.extend(batch, part, numbers, data)
    numbers.seq, numbers.bytes = numbers.seq + 1, numbers.bytes + #data
    add(batch, part, numbers, part.wl .. '-' .. headers.text(numbers.seq), data)
  end

  -- Writes the message; returns its stream id and position, or those of the original after a =. `hidden`: the reply does not
  -- show the message to the session.
  function topics.append(batch, args, at, hidden)
    local part, topic, name = partitions.at(batch, args[at]), args[at + 1], args[at + 2]
    local numbers = topics.numbers(part, topic)
    headers.begin(batch, part)
    local id = part.wl .. '-' .. headers.text(numbers.seq + 1)
    if name ~= '' then
      local family = topics.ids(part, topic, args[at + 3])
      local known = buckets.known_or_put(family, name, id .. '/' .. part.lsn_text, tonumber(args[at + 4]), batch.now)
      if known then
        redis.call('HINCRBY', numbers.key, 'dup', 1)
        return original(known)
      end
    end
    numbers.seq, numbers.bytes, numbers.appended = numbers.seq + 1, numbers.bytes + #args[at + 6] + #args[at + 7], true
    write(batch, args, at, part, numbers, id)
    local shown = args[at + 8] == '0' and not hidden
    if numbers.armed and not (shown and numbers.armed == batch.session) then
      numbers.armed = nil
      redis.call('HDEL', numbers.key, 'a')
      redis.call('PUBLISH', part.tag .. ':w', topic .. ' ' .. headers.text(numbers.seq) .. (shown and ' ' .. batch.session or ''))
    end
    return id .. ' ' .. headers.position(part)
  end
end
