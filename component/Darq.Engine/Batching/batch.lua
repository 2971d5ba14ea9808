-- Batch: the requests of one session to its primary, in numbered batches of which two may be on their way.
--
-- open:  KEYS[1] <tag>:c:<session> (hash: n last batch number, r0 and r1 the replies of the last even and odd number, x when it
--        expires, in ms). ARGV[1] life in ms, ARGV[2] 1 for a new session, 0 for one that was open before, ARGV[3] the record of a
--        session that the new one replaces, or ''. Returns the last number, or SESSION_GONE. Safe to repeat. What a replaced session
--        sent and still arrives finds no record and is not executed.
-- batch: KEYS[1] as above. ARGV[1] number, ARGV[2] world-line of the last handshake, ARGV[3] life of the session in ms, ARGV[4]
--        count of requests, ARGV[5] place of the list of partitions (partition.lua), then per request: name, number of arguments,
--        arguments. Returns 'OK <number>' and one line per request; or a code: NEEDS_RECOVERY, SESSION_GONE (never opened here, or
--        expired: it must not execute again), TOO_EARLY <last> (the number before this one did not arrive), SESSION_GAP <last>. With
--        one of the last two numbers it repeats the stored reply and writes nothing: sending the batch again resolves a lost reply.
-- Each request runs in its own pcall. An error before its first write leaves nothing (ERROR); after it, its partitions
-- are marked broken and take no more writes (BROKEN). Every path writes the session's record. A record that is damaged is none.
-- Complexity: the sum of the requests; the caller bounds a batch by count and bytes.
do
  local none = {}
  local chunk = 1000 -- arguments of one command; Lua unpacks a few thousand at most

  local function renew(session, life, now)
    local expiry = headers.text(now + life)
    redis.call('HSET', session, 'x', expiry)
    redis.call('PEXPIREAT', session, expiry)
  end

  -- The last number of a session and when its record expires; nothing where there is none, or a damaged one.
  local function last_of(session)
    local found = redis.pcall('HMGET', session, 'n', 'x')
    return tonumber(found[1] or '-'), found[2]
  end

  function partitions.open(keys, args)
    local code = headers.error_code(string.match(keys[1], '^(.-):c:'), 0)
    if code then return code end
    if args[2] == '0' and not last_of(keys[1]) then return 'SESSION_GONE' end
    if args[3] ~= '' then redis.call('UNLINK', args[3]) end
    redis.call('HSETNX', keys[1], 'n', 0)
    renew(keys[1], tonumber(args[1]), headers.now())
    return redis.call('HGET', keys[1], 'n')
  end

  -- The partition that a request names by its place in the list; throws for a broken one, before the request writes.
  function partitions.at(batch, place)
    local part = headers.sound(batch.parts[tonumber(place)])
    if part.broken then error({ err = 'BROKEN ' .. part.broken }) end
    return part
  end

  -- The field pairs of a header, after its key.
  local function write(call, count)
    local from = 2
    while count - from >= chunk do
      redis.call('HSET', call[1], unpack(call, from, from + chunk - 1))
      from = from + chunk
    end
    if count > from then redis.call('HSET', call[1], unpack(call, from, count)) end
  end

  -- Writes back what changed in the headers; runs on every path of a call.
  function partitions.close(parts)
    for _, part in ipairs(parts) do
      if not part.damaged then
        local call, count = { part.key, 'lsn', part.lsn_text, nil, nil, nil, nil }, part.request and 3 or 1
        count = lanes.pack(part, call, topics.pack(part, call, count))
        for name, value in pairs(part.changed or none) do
          call[count + 1], call[count + 2], count = name, value, count + 2
        end
        write(call, count)
      end
    end
  end

  local function run(batch, name, args, from)
    batch.request = batch.request + 1
    local ok, reply = pcall(requests[name], batch, args, from)
    if ok then return reply end
    local why, begun = headers.reason(reply), false
    for _, part in ipairs(batch.parts) do
      if part.request == batch.request then
        part.broken, begun = why, true
        redis.call('HSET', part.key, 'broken', why)
      end
    end
    if not begun then return string.find(why, '^BROKEN') and why or 'ERROR ' .. why end
    return 'BROKEN ' .. why
  end

  -- The reply to a number that was executed before, or the code for one that cannot be executed now; nothing for the next.
  local function before(session, number, last)
    if number == last + 1 then return end
    if number == last + 2 then return 'TOO_EARLY ' .. last end
    local stored = (number == last or number == last - 1) and redis.call('HGET', session, 'r' .. number % 2)
    return stored or 'SESSION_GAP ' .. last
  end

  function partitions.batch(keys, args)
    local parts, code = headers.open(args, tonumber(args[5]), tonumber(args[2]))
    if not parts then return code end
    local number, life, last, expiry = tonumber(args[1]), tonumber(args[3]), last_of(keys[1])
    if not last then return 'SESSION_GONE' end
    local answer = before(keys[1], number, last)
    if answer then return answer end
    local batch = { parts = parts, session = string.match(keys[1], ':c:(.+)$'), now = headers.now(), request = 0 }
    batch.now_text = headers.text(batch.now)
    local replies, at = { 'OK ' .. number }, 6
    for i = 1, tonumber(args[4]) do
      replies[i + 1] = run(batch, args[at], args, at + 2)
      at = at + 2 + tonumber(args[at + 1])
    end
    partitions.close(parts)
    local reply = table.concat(replies, '\n')
    redis.call('HSET', keys[1], 'n', args[1], 'r' .. number % 2, reply)
    -- Most batches come while more than half of the session's life is left, and skip two commands.
    if tonumber(expiry or 0) - batch.now <= life / 2 then renew(keys[1], life, batch.now) end
    return reply
  end
end
