-- Append: one message to its topic's stream in its partition.
--
-- Keys, all derived from the partition's tag: <tag>:t:<topic> (stream: i explicit id, k key, d data, m metadata,
-- t publish time, x expiry, y bytes appended so far, l LSN), <tag>:n:<topic> (hash: s last seq, y bytes
-- appended, t trimmed up to, dup duplicates refused, a armed readers, gs registered groups, dn ds rn rs buckets),
-- <tag>:i:<topic>:d<n> and :r<n> (hash: message id -> 'stream id/lsn').
-- Arguments, here and inside a publish or a step: place of the partition, topic, id ('' = none), kind of id (d explicit, r the sidecar's own retry),
-- window in ms, partition key, data, metadata as JSON, time to live in ms (0 = none), most messages to hold.
-- Complexity O(1). Stream ids are <world-line>-<seq> with seq dense per stream; mark of the id and message are written
-- together, so that neither exists without the other.
do
  topics.width = 10 -- arguments of an append

  local function numbers(part, topic)
    local key = part.tag .. ':n:' .. topic
    local kept = redis.call('HMGET', key, 's', 'y', 't', 'a')
    return { key = key, seq = tonumber(kept[1] or 0), bytes = tonumber(kept[2] or 0), trimmed = tonumber(kept[3] or 0), armed = kept[4] }
  end

  local function ids(part, topic, kind)
    local owner = part.tag .. ':n:' .. topic
    return buckets.family(owner, part.tag .. ':i:' .. topic .. ':' .. kind, kind .. 'n', kind .. 's')
  end

  -- Whether the topic takes `more` messages on top of those it holds.
  function topics.has_room(batch, args, at, more)
    local held = numbers(partitions.at(batch, args[at]), args[at + 1])
    return held.seq - held.trimmed + more < tonumber(args[at + 9])
  end

  local function original(part, found)
    local stream_id, wl, lsn = string.match(found, '^((%d+)%-%d+)/(%d+)$')
    return stream_id .. ' ' .. wl .. '-' .. lsn
  end

  -- Writes the message and returns true and its 'stream id position', or false and those of the original.
  function topics.append(batch, args, at)
    local part, topic, id, kind = partitions.at(batch, args[at]), args[at + 1], args[at + 2], args[at + 3]
    local family = id ~= '' and ids(part, topic, kind)
    local known = family and buckets.find(family, id)
    marks.begin(batch, part)
    local held = numbers(part, topic)
    if known then
      redis.call('HINCRBY', held.key, 'dup', 1)
      return false, original(part, known)
    end
    local data, meta, ttl = args[at + 6], args[at + 7], tonumber(args[at + 8])
    local seq, bytes = held.seq + 1, held.bytes + #data + #meta
    local stream_id = part.wl .. '-' .. seq
    redis.call('XADD', part.tag .. ':t:' .. topic, stream_id, 'i', kind == 'd' and id or '', 'k', args[at + 5], 'd', data,
      'm', meta, 't', batch.now, 'x', ttl > 0 and batch.now + ttl or '', 'y', bytes, 'l', part.lsn)
    redis.call('HSET', held.key, 's', seq, 'y', bytes)
    if family then buckets.put(family, id, stream_id .. '/' .. part.lsn, tonumber(args[at + 4]), batch.now) end
    if held.armed then
      redis.call('HDEL', held.key, 'a')
      redis.call('PUBLISH', part.tag .. ':w', topic)
    end
    return true, stream_id .. ' ' .. marks.position(part)
  end

  -- Whether the message was appended before.
  function topics.known(batch, args, at)
    local part, id, kind = partitions.at(batch, args[at]), args[at + 2], args[at + 3]
    return id ~= '' and buckets.find(ids(part, args[at + 1], kind), id)
  end
end
