-- Members: which component processes are alive. A hint for promptness; safety rests on fencing tokens alone.
--
-- beat:  KEYS[1] {<ns>}:members (hash: session -> '<ms> <subscriptions>'). ARGV[1] session, ARGV[2] the subscriptions whose
--        lanes it takes ('' removes the session), ARGV[3] ms without a beat after which a session counts as dead, ARGV[4] ms
--        after which it is forgotten, ARGV[5] 1 (earlier builds send none): before the subscriptions of each, how many ms ago its
--        heartbeat was. Returns the server's time in ms, then session and subscriptions of each live one; a field in
--        another form, or a key of another type, is removed, because its sessions write it again, and returned with !. A heartbeat from
--        the future, before which the clock was set back, counts as one of now: else its session lived until the clock is there again.
--        Complexity O(members). Safe to repeat.
-- read:  KEYS[1] a header. ARGV[1] the stream, ARGV[2] id to read after, ARGV[3] most entries. Returns the header's replication id and
--        the entries. Complexity O(entries). Writes nothing.
-- tails: KEYS[1] a header. ARGV[1] world-line of the last handshake, ARGV[2] session, ARGV[3] topic, ARGV[4..] list of partitions,
--        then the last seq known of each. Returns per partition the topic's last seq. Where that is the one known, tails arms the lane:
--        the next append publishes once on <tag>:w; an append whose reply shows this session the message does not, and leaves the
--        lane armed. The topic's numbers keep the session, or * where several wait. NEEDS_RECOVERY as always;
--        DAMAGED and why for a partition with a damaged header, field or stream. Complexity O(partitions). Safe to repeat.
do
  local function tell(live, args, session, silent, text)
    live[#live + 1] = session
    if args[5] == '1' then live[#live + 1] = headers.text(silent) end
    live[#live + 1] = text
  end

  function lanes.beat(keys, args)
    local key, session, now = keys[1], args[1], headers.now()
    local live = { headers.text(now) }
    -- What is there is written again by the sessions that it belongs to.
    local kind = redis.call('TYPE', key).ok
    if kind ~= 'hash' and kind ~= 'none' then
      redis.call('UNLINK', key)
      tell(live, args, key, 0, '!')
    end
    if args[2] == '' then
      redis.call('HDEL', key, session)
    else
      redis.call('HSET', key, session, now .. ' ' .. args[2])
    end
    local members = redis.call('HGETALL', key)
    for i = 1, #members, 2 do
      local beat, text = string.match(members[i + 1], '^(%d+) (.*)$')
      local silent = beat and now - tonumber(beat)
      if silent and silent < 0 then
        redis.call('HSET', key, members[i], headers.text(now) .. ' ' .. text)
        silent = 0
      end
      if not beat then
        redis.call('HDEL', key, members[i])
        tell(live, args, members[i], 0, '!')
      elseif silent > tonumber(args[4]) then
        redis.call('HDEL', key, members[i])
      elseif silent <= tonumber(args[3]) then
        tell(live, args, members[i], silent, text)
      end
    end
    return live
  end

  function lanes.read(keys, args)
    return { redis.call('HGET', keys[1], 'boot'), redis.call('XRANGE', args[1], '(' .. args[2], '+', 'COUNT', args[3]) }
  end

  local function tail(part, topic, session, known)
    local numbers = topics.numbers(headers.sound(part), topic)
    headers.check(numbers.key, 'stream')
    if numbers.seq == known and numbers.armed ~= '*' and numbers.armed ~= session then
      numbers.armed, numbers.changed = numbers.armed and '*' or session, true
    end
    return numbers.seq
  end

  function lanes.tails(_, args)
    local parts, first = headers.open(args, 4, tonumber(args[1]))
    if not parts then return first end
    local tails = {}
    for i, part in ipairs(parts) do
      local ok, answer = pcall(tail, part, args[3], args[2], tonumber(args[first + i - 1]))
      tails[i] = ok and answer or headers.reason(answer)
    end
    partitions.close(parts)
    return tails
  end
end
