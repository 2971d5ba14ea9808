-- Members: which component processes are alive. A hint for promptness; safety rests on fencing tokens alone.
--
-- beat:  KEYS[1] {<ns>}:members (hash: session -> '<ms> <subscriptions>'). ARGV[1] session, ARGV[2] the subscriptions whose
--        lanes it takes ('' removes the session), ARGV[3] ms without a beat after which a session counts as dead, ARGV[4] ms
--        after which it is forgotten. Returns the server's time in ms, then session and subscriptions of each live one.
--        Complexity O(members). Safe to repeat.
-- tails: KEYS = headers of partitions. ARGV[1] world-line of the last handshake, ARGV[2] session, then per partition: topic, last
--        seq known. Returns per partition the topic's last seq. Where that is the one known, tails arms the lane: the next append
--        publishes once on <tag>:w; an append whose reply shows this session the message does not, and leaves the lane armed.
--        Field a of the topic's numbers keeps the session, or * where several wait. NEEDS_RECOVERY as always.
--        Complexity O(partitions). Safe to repeat.
do
  function lanes.beat(keys, args)
    local key, session, now = keys[1], args[1], headers.now()
    local live = { headers.text(now) }
    if args[2] == '' then
      redis.call('HDEL', key, session)
    else
      redis.call('HSET', key, session, now .. ' ' .. args[2])
    end
    local members = redis.call('HGETALL', key)
    for i = 1, #members, 2 do
      local beat, text = string.match(members[i + 1], '^(%d+) (.*)$')
      local silent = now - tonumber(beat)
      if silent > tonumber(args[4]) then
        redis.call('HDEL', key, members[i])
      elseif silent <= tonumber(args[3]) then
        live[#live + 1] = members[i]
        live[#live + 1] = text
      end
    end
    return live
  end

  function lanes.tails(keys, args)
    -- One header is enough: a recovery moves all partitions of a primary in one call.
    local code = headers.error_code(keys[1], tonumber(args[1]))
    if code then return code end
    local tails = {}
    for i = 1, #keys do
      local topic, known = args[2 * i + 1], tonumber(args[2 * i + 2])
      local key = string.sub(keys[i], 1, -2) .. 'n:' .. topic
      local kept = redis.call('HMGET', key, 's', 'a')
      local last = tonumber(kept[1] or 0)
      if last == known and kept[2] ~= '*' and kept[2] ~= args[2] then redis.call('HSET', key, 'a', kept[2] and '*' or args[2]) end
      tails[i] = last
    end
    return tails
  end
end
