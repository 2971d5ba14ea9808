-- Lane: what a call knows and changes of a lane. Requests and functions that touch a lane do it by this file.
--
-- A lane is the field l:<group>:<topic> of the header ('<owner session, or -> <fencing token <world-line>.<n>, or -> <ack watermark
-- as stream id> <acked ranges> <consumed> <seq it started after> <dead> <expired> <take-overs> <suspect>', see claim.lua) and
-- <tag>:o:<group>:<topic> (zset of ranges acked above the watermark: score = first seq, member = 'first:last:<world-line of last>';
-- ranges never touch). Messages that left the stream for its retry queue are described in retry.lua.
-- The books of a lane: last seq of the topic - start = consumed + dead + expired + messages above the watermark and outside the
-- ranges + messages in the retry queue.
do
  local none = {}
  local most_expired = 256 -- messages that one request ends because they have expired
  local expiry = -1 -- number of no request
  local stride = 64 -- acked messages after which a stream is trimmed even though more are waiting
  local form = '^(%S+) (%S+) (%d+)%-(%d+) (%d+) (%d+) (%d+ %d+ %d+ %d+ %d+:%d+)$'

  -- Numbers are made of captures by adding 0, which costs a third of tonumber.
  local function parse(part, name, topic)
    local field = 'l:' .. name
    local text = headers.field(part, field)
    local owner, token, wl, seq, gaps, consumed, rest = string.match(text or '- - 0-0 0 0 0 0 0 0 0:0', form)
    if not owner then headers.fail(part.key, 'field ' .. field .. ' is in another form') end
    return {
      field = field, ranges = part.tag .. ':o:' .. name, name = name, part = part, topic = topic, owner = owner ~= '-' and owner,
      fencing_token = token ~= '-' and token, wl = wl, seq = seq + 0, gaps = gaps + 0, consumed = consumed + 0, rest = rest,
      exists = text and true, changed = false, asked = false, pending = false,
    }
  end

  -- The numbers of a lane that most calls neither read nor change.
  function lanes.read_rest(lane)
    if not lane.rest then return end
    local start, dead, expired, take_overs, suspect, times = string.match(lane.rest, '^(%d+) (%d+) (%d+) (%d+) (%d+):(%d+)$')
    lane.start, lane.dead, lane.expired, lane.rest = start + 0, dead + 0, expired + 0, false
    lane.take_overs, lane.suspect, lane.times = take_overs + 0, suspect + 0, times + 0
  end

  local function rest_of(lane)
    return lane.rest
      or string.format('%d %d %d %d %d:%d', lane.start, lane.dead, lane.expired, lane.take_overs, lane.suspect, lane.times)
  end

  -- The lane as the call knows it: read once, and written back by lanes.pack.
  function lanes.open(part, group, topic)
    local name = group .. ':' .. topic
    local lane = part.lanes and part.lanes[name]
    if lane then return lane end
    lane = parse(part, name, topic)
    if part.lanes then part.lanes[name] = lane else part.lanes = { [name] = lane } end
    return lane
  end

  function lanes.watermark(lane)
    return lane.wl .. '-' .. headers.text(lane.seq)
  end

  -- As topics.pack.
  function lanes.pack(part, call, count)
    for _, lane in pairs(part.lanes or none) do
      if lane.changed then
        local owner, token = lane.owner or '-', lane.fencing_token or '-'
        local text = string.format('%s %s %s-%d %d %d %s', owner, token, lane.wl, lane.seq, lane.gaps, lane.consumed, rest_of(lane))
        call[count + 1], call[count + 2], count = lane.field, text, count + 2
      end
    end
    return count
  end

  -- A fencing token is valid only in its own world-line: a recovery may have lost a later one.
  function lanes.is_owner(lane, session, fencing_token)
    return lane.owner == session and lane.fencing_token == fencing_token
      and string.match(fencing_token, '^(%d+)%.') == lane.part.wl
  end

  local function range_of(member)
    if not member then return end
    local first, last, wl = string.match(member, '^(%d+):(%d+):(%d+)$')
    return { member = member, first = tonumber(first), last = tonumber(last), wl = wl }
  end

  function lanes.is_acked(lane, seq)
    if seq <= lane.seq then return true end
    if lane.gaps == 0 then return false end
    local near = redis.call('ZREVRANGEBYSCORE', lane.ranges, headers.text(seq), '-inf', 'LIMIT', '0', '1')[1]
    return near ~= nil and tonumber(string.match(near, ':(%d+):')) >= seq
  end

  -- The range that begins right after an unacked message, and the one that ends somewhere before it.
  local function neighbours(lane, seq)
    if lane.gaps == 0 then return end
    local found = redis.call('ZREVRANGEBYSCORE', lane.ranges, headers.text(seq + 1), '-inf', 'LIMIT', '0', '2')
    local near = range_of(found[1])
    if near and near.first == seq + 1 then return near, range_of(found[2]) end
    return nil, near
  end

  local function add(lane, first, last, wl)
    lane.gaps, lane.changed = lane.gaps + 1, true
    local from = headers.text(first)
    redis.call('ZADD', lane.ranges, from, from .. ':' .. headers.text(last) .. ':' .. wl)
  end

  local function take(lane, range)
    lane.gaps, lane.changed = lane.gaps - 1, true
    redis.call('ZREM', lane.ranges, range.member)
  end

  -- Precondition: not acked yet, and the request has begun. The caller counts.
  function lanes.ack(lane, wl, seq)
    local first, last, last_wl = seq, seq, wl
    local after, before = neighbours(lane, seq)
    if after then
      take(lane, after)
      last, last_wl = after.last, after.wl
    end
    if first == lane.seq + 1 then
      lane.wl, lane.seq, lane.changed = last_wl, last, true
    else
      if before and before.last == seq - 1 then
        take(lane, before)
        first = before.first
      end
      add(lane, first, last, last_wl)
    end
  end

  function lanes.queue_key(lane)
    return lane.part.tag .. ':q:' .. lane.name
  end

  function lanes.bodies_key(lane)
    return lane.part.tag .. ':qb:' .. lane.name
  end

  -- The member of a message in the retry queue.
  local function queued(lane, seq)
    return redis.call('ZRANGEBYSCORE', lanes.queue_key(lane), seq, seq)[1]
  end

  -- Keys that finishing the message will write and that nothing has read are checked here, before the request's first write.
  local function find(lane, seq)
    if not lanes.is_acked(lane, seq) then
      if lane.gaps == 0 and seq ~= lane.seq + 1 then headers.check(lane.ranges, 'zset') end
      return true
    end
    local member = queued(lane, seq)
    if member then headers.check(lanes.bodies_key(lane), 'hash') end
    return member
  end

  -- True for a message in the stream, the member for a queued one, nothing for a finished one. Remembered until the message
  -- changes, because a step asks several times.
  function lanes.pending(lane, seq)
    if lane.asked ~= seq then lane.asked, lane.pending = seq, find(lane, seq) end
    return lane.pending
  end

  -- Precondition: `pending` is fresh from lanes.pending, and the request has begun. `counter` belongs to the lane's books: consumed,
  -- dead or expired.
  function lanes.finish(lane, wl, seq, pending, counter)
    lane.asked = false
    if pending == true then
      lanes.ack(lane, wl, seq)
    else
      redis.call('ZREM', lanes.queue_key(lane), pending)
      redis.call('HDEL', lanes.bodies_key(lane), seq)
    end
    if counter ~= 'consumed' then lanes.read_rest(lane) end
    lane[counter], lane.changed = lane[counter] + 1, true
  end

  -- Drops the messages of a topic up to a number; nothing where the stream is damaged, which must not undo what the caller writes.
  local function drop(numbers, wl, seq)
    local answer = redis.pcall('XTRIM', numbers.key, 'MINID', wl .. '-' .. headers.text(seq + 1))
    if type(answer) ~= 'table' then numbers.trimmed, numbers.changed = seq, true end
  end

  -- Drops what all groups of the topic have acked; nothing where one of them, or the stream, is damaged. `lane` has just moved.
  function lanes.trim(lane)
    local known, numbers = pcall(topics.numbers, lane.part, lane.topic)
    if not known then return end
    if lane.seq - numbers.trimmed < stride and lane.seq < numbers.seq then return end
    local wl, seq = lane.wl, lane.seq
    for group in string.gmatch(numbers.groups, '[^,]+') do
      local ok, other = pcall(lanes.open, lane.part, group, lane.topic)
      if not ok then return end
      if other.seq < seq then wl, seq = other.wl, other.seq end
    end
    if seq > numbers.trimmed then drop(numbers, wl, seq) end
  end

  -- The expired messages at the head of a stream.
  local function expired_head(batch, key)
    local head = {}
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+', 'COUNT', most_expired)) do
      local expires
      for i = 1, #entry[2], 2 do
        if entry[2][i] == 'x' then expires = tonumber(entry[2][i + 1]) end
      end
      if not expires or expires > batch.now then break end
      local wl, seq = string.match(entry[1], '^(%d+)%-(%d+)$')
      head[#head + 1] = { wl = wl, seq = tonumber(seq) }
    end
    return head
  end

  -- Ends expired messages at the head of a full stream, for groups whose lanes nobody owns: an owner does that for its own. An effect of
  -- its own, with an LSN of its own, which stands whatever becomes of the request that needs the room and has not begun.
  function lanes.expire(batch, part, numbers)
    local head = expired_head(batch, numbers.key)
    if #head == 0 then return end
    local groups, upto = {}, head[#head]
    for group in string.gmatch(numbers.groups, '[^,]+') do
      local lane = lanes.open(part, group, numbers.topic)
      if not lane.owner then
        groups[#groups + 1] = lane
      elseif lane.seq < upto.seq then
        upto = { wl = lane.wl, seq = lane.seq }
      end
    end
    if upto.seq <= numbers.trimmed then return end
    headers.begin({ request = expiry }, part)
    for _, lane in ipairs(groups) do
      for _, message in ipairs(head) do
        if message.seq <= upto.seq and lanes.pending(lane, message.seq) == true then
          lanes.finish(lane, message.wl, message.seq, true, 'expired')
        end
      end
    end
    drop(numbers, upto.wl, upto.seq)
  end
end
