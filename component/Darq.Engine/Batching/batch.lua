-- Batch: the requests of one session to its primary, one numbered batch at a time.
--
-- open:  KEYS[1] {<ns>:<p>}:c:<session> (hash: n last batch number, r its reply, x when it expires, in ms), KEYS[2] the header of
--        the same partition. ARGV[1] life in ms. Returns the last number. Safe to repeat.
-- batch: KEYS[1] as above, KEYS[2..] the headers of every partition touched. ARGV[1] number, ARGV[2] world-line
--        of the last handshake, ARGV[3] life of the session in ms, ARGV[4] count, then per request: name, number of arguments,
--        arguments. Returns 'OK <number>' and one line per request; or a code: NEEDS_RECOVERY, SESSION_GONE (never opened here, or
--        expired: it must not execute again), SESSION_GAP <last>. With the number of the last batch it repeats the
--        stored reply and writes nothing: sending the batch again resolves a lost reply.
-- Each request runs in its own pcall. An error before its first write leaves nothing (ERROR); after it, its partitions
-- are marked broken and take no more writes (BROKEN). Every path writes the session's record.
-- Complexity: the sum of the requests; the caller bounds a batch by count and bytes.
do
  local function renew(session, life, now)
    local expiry = headers.text(now + life)
    redis.call('HSET', session, 'x', expiry)
    redis.call('PEXPIREAT', session, expiry)
  end

  function partitions.open(keys, args)
    local code = headers.error_code(keys[2], 0)
    if code then return code end
    redis.call('HSETNX', keys[1], 'n', 0)
    renew(keys[1], tonumber(args[1]), headers.now())
    return redis.call('HGET', keys[1], 'n')
  end

  -- The partition that a request names by its place in KEYS; throws for a broken one, before the request writes.
  function partitions.at(batch, place)
    local part = batch.parts[tonumber(place)]
    if part.broken then error({ err = 'BROKEN ' .. part.broken }) end
    return part
  end

  local function reason(failure)
    local text = type(failure) == 'table' and failure.err or tostring(failure)
    return (string.gsub(text, '%s+', ' '))
  end

  local function run(batch, name, args, from)
    batch.request = batch.request + 1
    local ok, reply = pcall(requests[name], batch, args, from)
    if ok then return reply end
    local why, begun = reason(reply), false
    for _, part in ipairs(batch.parts) do
      if part.request == batch.request then
        part.broken, begun = why, true
        redis.call('HSET', part.key, 'broken', why)
      end
    end
    if not begun then return string.find(why, '^BROKEN') and why or 'ERROR ' .. why end
    return 'BROKEN ' .. why
  end

  function partitions.batch(keys, args)
    local parts, code = headers.open(keys, 2, tonumber(args[2]))
    if code then return code end
    local number, life, known = tonumber(args[1]), tonumber(args[3]), redis.call('HMGET', keys[1], 'n', 'x')
    if not known[1] then return 'SESSION_GONE' end
    local last = tonumber(known[1])
    if number == last then return redis.call('HGET', keys[1], 'r') end
    if number ~= last + 1 then return 'SESSION_GAP ' .. last end
    local batch = { parts = parts, session = string.match(keys[1], ':c:(.+)$'), now = headers.now(), request = 0 }
    batch.now_text = headers.text(batch.now)
    local replies, at = { 'OK ' .. number }, 5
    for i = 1, tonumber(args[4]) do
      replies[i + 1] = run(batch, args[at], args, at + 2)
      at = at + 2 + tonumber(args[at + 1])
    end
    topics.close(parts)
    lanes.close(parts)
    headers.close(parts)
    local reply = table.concat(replies, '\n')
    redis.call('HSET', keys[1], 'n', number, 'r', reply)
    -- Most batches come while more than half of the session's life is left, and skip two commands.
    if tonumber(known[2] or 0) - batch.now <= life / 2 then renew(keys[1], life, batch.now) end
    return reply
  end
end
