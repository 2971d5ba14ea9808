-- Claim, resume, release, disown: which session delivers from the lanes of a (group, topic).
--
-- claim: KEYS[1] a header. ARGV[1] claim|resume|release|disown, ARGV[2] session, ARGV[3] group, ARGV[4] topic, ARGV[5] world-line of the
-- last handshake, ARGV[6..] list of the lanes' partitions, then one argument per partition: for a claim the session of an owner
-- known to be dead ('' = none; after '=' an earlier session of the claiming process, whose death does not count against the message
-- that was out), for a resume and a release the fencing token that the session has or had, for a disown nothing.
-- Returns NEEDS_RECOVERY, or per partition: OK <fencing token> <ack watermark as stream id> <take-overs at the first unacked
-- message> <messages in the retry queue> and the acked ranges <first>:<last> above the watermark | HELD <session> | LOST |
-- DAMAGED and why, which nobody gets; for a release or a disown OK <1 if the session owned the lane>.
-- A claim raises the fencing token and so fences the previous owner; it also registers the group with the topic, so that
-- the stream keeps what the group has not acked. Safe to repeat: a session that owns the lane already gets its token again.
-- Resume continues a claim over a recovery only if it is exactly the one stored: a later claim whose
-- record was lost would otherwise give the same token to two owners. A disown is for lanes that the session does not know as its own:
-- it releases those that name it since before the last recovery, which lost their release. A release publishes '<group>:<topic>' on
-- <tag>:w for waiting processes. A lane's suspect, '<seq>:<n>': n times in a row its owner died while seq was the first unacked message,
-- so that a message that kills its handlers is found. Complexity O(partitions + ranges).
do
  local function raised(lane)
    local wl, n = string.match(lane.fencing_token or '0.0', '^(%d+)%.(%d+)$')
    return lane.part.wl .. '.' .. (wl == lane.part.wl and tonumber(n) + 1 or 1)
  end

  local function register(lane, group)
    lanes.read_rest(lane)
    local numbers = topics.numbers(lane.part, lane.topic)
    numbers.groups, numbers.changed = numbers.groups == '' and group or numbers.groups .. ',' .. group, true
    lane.start, lane.seq, lane.wl, lane.exists = numbers.trimmed, numbers.trimmed, '0', true
  end

  local function take_overs(lane)
    lanes.read_rest(lane)
    return lane.suspect == lane.seq + 1 and lane.times or 0
  end

  local function count_take_over(lane)
    lanes.read_rest(lane)
    lane.take_overs = lane.take_overs + 1
    if topics.numbers(lane.part, lane.topic).seq > lane.seq then
      lane.suspect, lane.times = lane.seq + 1, take_overs(lane) + 1
    else
      lane.suspect, lane.times = 0, 0
    end
  end

  -- What a claim tells of the lane's other keys, read before anything changes.
  local function read_keys(lane, group)
    local queue = lane.part.tag .. ':q:' .. group .. ':' .. lane.topic
    local read = { waiting = headers.sure(redis.pcall('ZCARD', queue), queue), ranges = {} }
    if lane.gaps > 0 then
      for i, range in ipairs(headers.sure(redis.pcall('ZRANGE', lane.ranges, 0, -1), lane.ranges)) do
        read.ranges[i] = string.match(range, '^%d+:%d+') or headers.fail(lane.ranges, 'it has the member ' .. range)
      end
    end
    topics.numbers(lane.part, lane.topic)
    return read
  end

  local function claim_result(lane, read, fencing_token)
    local words = { 'OK', fencing_token, lanes.watermark(lane), take_overs(lane), read.waiting }
    for i, range in ipairs(read.ranges) do words[5 + i] = range end
    return table.concat(words, ' ')
  end

  local function grant(batch, lane, group, session, is_own)
    local read = read_keys(lane, group)
    headers.begin(batch, lane.part)
    if not lane.exists then register(lane, group) end
    if lane.owner and lane.owner ~= session and not is_own then count_take_over(lane) end
    lane.fencing_token, lane.owner, lane.changed = raised(lane), session, true
    return claim_result(lane, read, lane.fencing_token)
  end

  local change = {}

  function change.claim(batch, lane, group, session, dead)
    if lane.owner == session and lanes.is_owner(lane, session, lane.fencing_token) then
      return claim_result(lane, read_keys(lane, group), lane.fencing_token)
    end
    local is_own = lane.owner and dead == '=' .. lane.owner
    if lane.owner and lane.owner ~= session and lane.owner ~= dead and not is_own then return 'HELD ' .. lane.owner end
    return grant(batch, lane, group, session, is_own)
  end

  function change.resume(batch, lane, group, session, fencing_token)
    if lane.owner ~= session then return 'LOST' end
    -- Resumed already: the reply to the first call was lost.
    if lanes.is_owner(lane, session, lane.fencing_token) then
      return claim_result(lane, read_keys(lane, group), lane.fencing_token)
    end
    if lane.fencing_token ~= fencing_token then return 'LOST' end
    return grant(batch, lane, group, session)
  end

  local function free(batch, lane, group)
    headers.begin(batch, lane.part)
    lanes.read_rest(lane)
    lane.owner, lane.suspect, lane.times, lane.changed = false, 0, 0, true
    headers.wake(lane.part, group .. ':' .. lane.topic)
    return 'OK 1'
  end

  function change.release(batch, lane, group, session, fencing_token)
    if lane.owner ~= session or lane.fencing_token ~= fencing_token then return 'OK 0' end
    return free(batch, lane, group)
  end

  function change.disown(batch, lane, group, session)
    if lane.owner ~= session or lanes.is_owner(lane, session, lane.fencing_token) then return 'OK 0' end
    return free(batch, lane, group)
  end

  local function answer_of(batch, part, args, argument)
    return change[args[1]](batch, lanes.open(headers.sound(part), args[3], args[4]), args[3], args[2], argument)
  end

  function lanes.claim(_, args)
    local parts, first = headers.open(args, 6, tonumber(args[5]))
    if not parts then return first end
    local batch, answers = { request = 1 }, {}
    for i, part in ipairs(parts) do
      local ok, answer = pcall(answer_of, batch, part, args, args[first + i - 1])
      answers[i] = ok and answer or headers.reason(answer)
    end
    partitions.close(parts)
    return answers
  end
end
