-- Claim, resume, release: who delivers from the lanes of a (group, topic).
--
-- KEYS = the marks of the partitions whose lanes are meant. ARGV[1] claim|resume|release, ARGV[2] session,
-- ARGV[3] group, ARGV[4] topic, ARGV[5] world-line of the last handshake, then one argument per partition: for a claim the
-- session of an owner known to be dead ('' = none; after '=' an earlier session of the claiming process, whose death is not
-- held against the message that was out), for a resume and a release the fencing token that is or was held.
-- Returns NEEDS_RECOVERY, or per partition: OK <incarnation> <stream id passed up to> <take-overs at the first message
-- not passed> <messages in the mailbox> and the intervals <first>:<last> passed above the start | HELD <session> | LOST;
-- for a release OK <1 if it was held>.
-- A claim raises the incarnation and so fences the holder before; it also registers the group with the topic, so that
-- the stream keeps what the group has not passed. Safe to repeat: a session that holds the lane already is told its
-- incarnation. Resume continues a claim over a recovery only if it is exactly the one stored: a later claim whose
-- record was lost would otherwise give the same number to two holders. A release tells waiting processes on <tag>:w as
-- '<group>:<topic>'. Field k of a lane, '<seq>:<n>': n times in a row its holder died while seq was the first message not
-- passed, so that a message that kills its handlers is found. Complexity O(partitions + intervals).
do
  local function raised(lane)
    local wl, n = string.match(lane.incarnation or '0.0', '^(%d+)%.(%d+)$')
    return lane.part.wl .. '.' .. (wl == lane.part.wl and tonumber(n) + 1 or 1)
  end

  local function register(lane, group)
    local key = lane.part.tag .. ':n:' .. lane.topic
    local kept = redis.call('HMGET', key, 'gs', 't')
    local groups, start = kept[1] or '', '0-' .. (kept[2] or 0)
    redis.call('HSET', key, 'gs', groups == '' and group or groups .. ',' .. group)
    redis.call('HSET', lane.key, 'st', kept[2] or 0, 'u', start)
    lane.exists = start
  end

  local function take_overs(lane)
    local seq, n = string.match(redis.call('HGET', lane.key, 'k') or '', '^(%d+):(%d+)$')
    return tonumber(seq) == lane.seq + 1 and tonumber(n) or 0
  end

  local function count_take_over(lane)
    redis.call('HINCRBY', lane.key, 'v', 1)
    local last = redis.call('HGET', lane.part.tag .. ':n:' .. lane.topic, 's')
    if tonumber(last or 0) > lane.seq then
      redis.call('HSET', lane.key, 'k', lane.seq + 1 .. ':' .. take_overs(lane) + 1)
    else
      redis.call('HDEL', lane.key, 'k')
    end
  end

  local function holding(lane, group, incarnation)
    local waiting = redis.call('ZCARD', lane.part.tag .. ':q:' .. group .. ':' .. lane.topic)
    local words = { 'OK', incarnation, lane.exists, take_overs(lane), waiting }
    for _, interval in ipairs(redis.call('ZRANGE', lane.intervals, 0, -1)) do
      words[#words + 1] = string.match(interval, '^%d+:%d+')
    end
    return table.concat(words, ' ')
  end

  local function hold(batch, lane, group, session, is_own)
    marks.begin(batch, lane.part)
    if not lane.exists then register(lane, group) end
    if lane.owner and lane.owner ~= session and not is_own then count_take_over(lane) end
    local incarnation = raised(lane)
    redis.call('HSET', lane.key, 'o', session, 'i', incarnation)
    return holding(lane, group, incarnation)
  end

  local change = {}

  function change.claim(batch, lane, group, session, dead)
    if lane.owner == session and lanes.held(lane, session, lane.incarnation) then
      return holding(lane, group, lane.incarnation)
    end
    local is_own = lane.owner and dead == '=' .. lane.owner
    if lane.owner and lane.owner ~= session and lane.owner ~= dead and not is_own then return 'HELD ' .. lane.owner end
    return hold(batch, lane, group, session, is_own)
  end

  function change.resume(batch, lane, group, session, incarnation)
    if lane.owner ~= session then return 'LOST' end
    -- Resumed already, by a call whose reply was lost.
    if lanes.held(lane, session, lane.incarnation) then return holding(lane, group, lane.incarnation) end
    if lane.incarnation ~= incarnation then return 'LOST' end
    return hold(batch, lane, group, session)
  end

  function change.release(batch, lane, group, session, incarnation)
    if lane.owner ~= session or lane.incarnation ~= incarnation then return 'OK 0' end
    marks.begin(batch, lane.part)
    redis.call('HDEL', lane.key, 'o', 'k')
    redis.call('PUBLISH', lane.part.tag .. ':w', group .. ':' .. lane.topic)
    return 'OK 1'
  end

  function lanes.claim(keys, args)
    local parts, refused = marks.open(keys, 1, tonumber(args[5]))
    if refused then return refused end
    local batch, answers = { request = 1 }, {}
    for i, part in ipairs(parts) do
      answers[i] = change[args[1]](batch, lanes.open(part, args[3], args[4]), args[3], args[2], args[5 + i])
    end
    marks.close(parts)
    return answers
  end
end
