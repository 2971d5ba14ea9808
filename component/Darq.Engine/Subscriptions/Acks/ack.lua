-- Pass: marks messages of a lane as done with, whatever became of them.
--
-- A lane is <tag>:l:<group>:<topic> (hash: o owner session, i incarnation '<world-line>.<n>', st seq it started after,
-- u stream id passed up to, g intervals, c consumed, d dead, x expired, v involuntary take-overs) and <tag>:o:<group>:<topic> (zset of
-- intervals passed above u: score = first seq, member = 'first:last:<world-line of last>'; intervals never touch).
-- The books of a lane: s of the topic - st = c + d + x + messages above u and outside the intervals + messages parked.
-- Request pass: place, group, topic, incarnation, counter of the books (c or x), count, then <world-line>, <seq> of each
-- message, in the stream or parked. Replies: OK <newly passed> | FENCED (another holder, or this one has not resumed after a
-- recovery). Passing a message again changes nothing. Complexity O(count log intervals). Frees what every group has passed.
do
  local none = {}
  local stride = 64 -- passed messages after which a stream is trimmed even though more are waiting

  -- The lane as the batch knows it: read once, and written back by lanes.close.
  function lanes.open(part, group, topic)
    local name = group .. ':' .. topic
    if part.lanes and part.lanes[name] then return part.lanes[name] end
    local key = part.tag .. ':l:' .. name
    local kept = redis.call('HMGET', key, 'o', 'i', 'u', 'c', 'g')
    local wl, seq = string.match(kept[3] or '0-0', '^(%d+)-(%d+)$')
    local lane = {
      key = key, intervals = part.tag .. ':o:' .. name, name = name, part = part, topic = topic, owner = kept[1],
      incarnation = kept[2], wl = wl, seq = tonumber(seq), exists = kept[3], consumed = tonumber(kept[4] or 0), gaps = 0,
      moved = false, asked = false, pending = false,
    }
    -- Until it has passed something, a lane has no number of its intervals.
    if kept[3] then lane.gaps = tonumber(kept[5] or redis.call('ZCARD', lane.intervals)) end
    if part.lanes then part.lanes[name] = lane else part.lanes = { [name] = lane } end
    return lane
  end

  -- Writes back what the batch passed; runs on every path of a batch.
  function lanes.close(parts)
    for _, part in ipairs(parts) do
      for _, lane in pairs(part.lanes or none) do
        if lane.moved then
          local up_to = lane.wl .. '-' .. marks.text(lane.seq)
          redis.call('HSET', lane.key, 'u', up_to, 'g', marks.text(lane.gaps), 'c', marks.text(lane.consumed))
        end
      end
    end
  end

  -- An incarnation holds only in the world-line it was given in: recovery may have lost a later one.
  function lanes.held(lane, session, incarnation)
    return lane.owner == session and lane.incarnation == incarnation
      and string.match(incarnation, '^(%d+)%.') == lane.part.wl
  end

  local function interval(member)
    if not member then return end
    local first, last, wl = string.match(member, '^(%d+):(%d+):(%d+)$')
    return { member = member, first = tonumber(first), last = tonumber(last), wl = wl }
  end

  function lanes.has_passed(lane, seq)
    if seq <= lane.seq then return true end
    if lane.gaps == 0 then return false end
    local near = redis.call('ZREVRANGEBYSCORE', lane.intervals, marks.text(seq), '-inf', 'LIMIT', '0', '1')[1]
    return near ~= nil and tonumber(string.match(near, ':(%d+):')) >= seq
  end

  -- The interval that begins right after a message that is in none, and the one that ends somewhere before it.
  local function neighbours(lane, seq)
    if lane.gaps == 0 then return end
    local found = redis.call('ZREVRANGEBYSCORE', lane.intervals, marks.text(seq + 1), '-inf', 'LIMIT', '0', '2')
    local near = interval(found[1])
    if near and near.first == seq + 1 then return near, interval(found[2]) end
    return nil, near
  end

  local function add(lane, first, last, wl)
    lane.gaps, lane.moved = lane.gaps + 1, true
    local from = marks.text(first)
    redis.call('ZADD', lane.intervals, from, from .. ':' .. marks.text(last) .. ':' .. wl)
  end

  local function take(lane, interval)
    lane.gaps, lane.moved = lane.gaps - 1, true
    redis.call('ZREM', lane.intervals, interval.member)
  end

  -- Precondition: not passed yet, and the request has begun. What is passed is counted by the caller.
  function lanes.pass(lane, wl, seq)
    local first, last, last_wl = seq, seq, wl
    local after, before = neighbours(lane, seq)
    if after then
      take(lane, after)
      last, last_wl = after.last, after.wl
    end
    if first == lane.seq + 1 then
      lane.wl, lane.seq, lane.moved = last_wl, last, true
    else
      if before and before.last == seq - 1 then
        take(lane, before)
        first = before.first
      end
      add(lane, first, last, last_wl)
    end
  end

  -- Drops what all groups of the topic have passed. `lane` has just moved.
  function lanes.trim(lane)
    local held = topics.numbers(lane.part, lane.topic)
    if lane.seq - held.trimmed < stride and lane.seq < held.seq then return end
    local wl, seq = lane.wl, lane.seq
    for group in string.gmatch(held.groups, '[^,]+') do
      local other = lanes.open(lane.part, group, lane.topic)
      if other.seq < seq then wl, seq = other.wl, other.seq end
    end
    if seq <= held.trimmed then return end
    held.trimmed = seq
    redis.call('XTRIM', held.stream, 'MINID', wl .. '-' .. marks.text(seq + 1))
    redis.call('HSET', held.key, 't', marks.text(seq))
  end

  function requests.pass(batch, args, at)
    local part = partitions.at(batch, args[at])
    local lane = lanes.open(part, args[at + 1], args[at + 2])
    if not lanes.held(lane, batch.session, args[at + 3]) then return 'FENCED' end
    local passed = 0
    for i = 1, tonumber(args[at + 5]) do
      local wl, seq = args[at + 4 + 2 * i], tonumber(args[at + 5 + 2 * i])
      local pending = lanes.pending(lane, seq)
      if pending then
        marks.begin(batch, part)
        lanes.finish(lane, wl, seq, pending, args[at + 4])
        passed = passed + 1
      end
    end
    if passed > 0 then lanes.trim(lane) end
    return 'OK ' .. passed
  end
end
