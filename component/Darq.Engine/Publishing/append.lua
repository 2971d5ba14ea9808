-- Append: one message to its topic's stream in its partition.
--
-- Keys, all derived from the partition's tag: <tag>:t:<topic> (stream: i message id, k key, d data, m metadata, t publish time, x
-- expiry, y bytes appended so far, l LSN), field t:<topic> of the header ('<last seq> <bytes appended> <trimmed up to> <duplicates
-- refused> <waiting session, or -> <registered groups with commas>'), fields d:<topic> and r:<topic> (buckets.lua) and
-- <tag>:i:<topic>:d<n> and :r<n> (hash: publisher's id, and event or repeated request -> its first reply).
-- Arguments, here and inside a publish or a step: place of the partition, topic, message id, kind of duplicates ('' it is never one,
-- d known by its id, r by its event), digest of the event, window in ms, partition key, data, metadata as JSON, time to live in ms
-- (0 = none), most messages to hold.
-- Complexity O(1). Stream ids are <world-line>-<seq> with seq dense per stream; id record and message are written together, so that
-- neither exists without the other. Append publishes '<topic> <seq>' on <tag>:w for readers that reached the end, followed by the
-- session whose reply shows the message; where only that session waits, append publishes nothing and it stays noted.
do
  topics.width = 11 -- arguments of an append

  local none = {}

  local function parse(part, topic)
    local field = 't:' .. topic
    local text = headers.field(part, field) or '0 0 0 0 - '
    local seq, bytes, trimmed, duplicates, armed, groups = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%S+) (%S*)$')
    if not seq then headers.fail(part.key, 'field ' .. field .. ' is in another form') end
    return {
      field = field, key = part.tag .. ':t:' .. topic, topic = topic, seq = seq + 0, bytes = bytes + 0,
      trimmed = trimmed + 0, duplicates = duplicates + 0, armed = armed ~= '-' and armed,
      groups = groups, changed = false, checked = false, r = false, d = false,
    }
  end

  function topics.numbers(part, topic)
    local numbers = part.topics and part.topics[topic]
    if numbers then return numbers end
    numbers = parse(part, topic)
    if part.topics then part.topics[topic] = numbers else part.topics = { [topic] = numbers } end
    return numbers
  end

  -- Adds the fields that changed to a call after its first `count` words; returns the new count.
  function topics.pack(part, call, count)
    for _, numbers in pairs(part.topics or none) do
      if numbers.changed then
        local seq, bytes, trimmed, armed = numbers.seq, numbers.bytes, numbers.trimmed, numbers.armed or '-'
        local text = string.format('%d %d %d %d %s %s', seq, bytes, trimmed, numbers.duplicates, armed, numbers.groups)
        call[count + 1], call[count + 2], count = numbers.field, text, count + 2
      end
    end
    return count
  end

  function topics.ids(part, topic, kind)
    local numbers = topics.numbers(part, topic)
    if not numbers[kind] then
      numbers[kind] = buckets.family(part, kind .. ':' .. topic, part.tag .. ':i:' .. topic .. ':' .. kind)
    end
    return numbers[kind]
  end

  function topics.count_duplicates(numbers, count)
    numbers.duplicates, numbers.changed = numbers.duplicates + count, true
  end

  -- The name by which a message is recognised, or nothing.
  local function name_of(args, at)
    local kind = args[at + 3]
    if kind == 'd' then return args[at + 2] end
    return kind == 'r' and args[at + 4] or nil
  end

  -- As topics.crowded, with the streams counted message by message. Duplicates need no room.
  local function crowded_exactly(batch, args, first, count)
    local wanted = {}
    for i = 0, count - 1 do
      local at = first + i * topics.width
      local part = partitions.at(batch, args[at])
      local numbers, name = topics.numbers(part, args[at + 1]), name_of(args, at)
      local seen = name and numbers.key .. args[at + 3] .. name
      if not (seen and (wanted[seen] or buckets.find(topics.ids(part, args[at + 1], args[at + 3]), name))) then
        wanted[numbers] = (wanted[numbers] or 0) + 1
        if numbers.seq - numbers.trimmed + wanted[numbers] > tonumber(args[at + 10]) then return i end
        if seen then wanted[seen] = true end
      end
    end
  end

  -- Whether `count` more messages fit; expired ones that nobody would deliver make room.
  local function has_room(batch, part, numbers, count, most)
    if numbers.seq - numbers.trimmed + count <= most then return true end
    lanes.expire(batch, part, numbers)
    return numbers.seq - numbers.trimmed + count <= most
  end

  -- How many more messages fit, where `count` are to come.
  function topics.room(batch, part, numbers, most, count)
    has_room(batch, part, numbers, count, most)
    return most - numbers.seq + numbers.trimmed
  end

  local function check(numbers, ids)
    if not numbers.checked then
      headers.check(numbers.key, 'stream')
      numbers.checked = true
    end
    if ids then buckets.check(ids) end
  end

  -- The index, from 0, of the first of `count` messages for which there is no room. Counts exactly only where one stream might
  -- not have room for them all. Reads all that the appends will need, so that damage shows before the first write; `beside` other
  -- writes, also where one append alone would only fail itself.
  function topics.crowded(batch, args, first, count, beside)
    for at = first, first + (count - 1) * topics.width, topics.width do
      local part = partitions.at(batch, args[at])
      local numbers = topics.numbers(part, args[at + 1])
      local ids = args[at + 3] ~= '' and topics.ids(part, args[at + 1], args[at + 3])
      if beside or count > 1 then check(numbers, ids) end
      if not has_room(batch, part, numbers, count, tonumber(args[at + 10])) then return crowded_exactly(batch, args, first, count) end
    end
  end

  local function original(found)
    local stream_id, wl, lsn = string.match(found, '^((%d+)%-%d+)/(%d+)$')
    return '=' .. stream_id .. ' ' .. wl .. '-' .. lsn
  end

  -- Adds a message that is nothing but id and data.
  local function add(batch, part, numbers, stream_id, id, data)
    local bytes = headers.text(numbers.bytes)
    redis.call('XADD', numbers.key, stream_id, 'i', id, 'd', data, 't', batch.now_text, 'y', bytes, 'l', part.lsn_text)
  end

  local function write(batch, args, at, part, numbers, stream_id)
    local id, key, data, meta, ttl = args[at + 2], args[at + 6], args[at + 7], args[at + 8], args[at + 9]
    -- Empty fields are left out: most messages have neither key nor metadata nor expiry.
    if key == '' and meta == '' and ttl == '0' then
      add(batch, part, numbers, stream_id, id, data)
      return
    end
    local bytes = headers.text(numbers.bytes)
    local call = { numbers.key, stream_id, 'i', id, 'd', data, 't', batch.now_text, 'y', bytes, 'l', part.lsn_text }
    if key ~= '' then call[#call + 1], call[#call + 2] = 'k', key end
    if meta ~= '' then call[#call + 1], call[#call + 2] = 'm', meta end
    if ttl ~= '0' then call[#call + 1], call[#call + 2] = 'x', headers.text(batch.now + tonumber(ttl)) end
    redis.call('XADD', unpack(call))
  end

  -- Appends one more message that is nothing but id and data, after one that this request appended there.
  function topics.extend(batch, part, numbers, id, data)
    numbers.seq, numbers.bytes = numbers.seq + 1, numbers.bytes + #data
    add(batch, part, numbers, part.wl .. '-' .. headers.text(numbers.seq), id, data)
  end

  -- A message that is not written is not known by its name either.
  local function write_or_forget(batch, args, at, part, numbers, stream_id, name)
    local ok, failure = pcall(write, batch, args, at, part, numbers, stream_id)
    if ok then return end
    if name then buckets.forget(topics.ids(part, args[at + 1], args[at + 3]), name) end
    headers.fail(numbers.key, headers.reason(failure))
  end

  local function place(batch, args, at, part, numbers, hidden)
    local topic, name = args[at + 1], name_of(args, at)
    local stream_id = part.wl .. '-' .. headers.text(numbers.seq + 1)
    if name then
      local family = topics.ids(part, topic, args[at + 3])
      local known = buckets.known_or_put(family, name, stream_id .. '/' .. part.lsn_text, tonumber(args[at + 5]), batch.now)
      if known then
        topics.count_duplicates(numbers, 1)
        return original(known)
      end
    end
    numbers.seq, numbers.bytes, numbers.changed = numbers.seq + 1, numbers.bytes + #args[at + 7] + #args[at + 8], true
    write_or_forget(batch, args, at, part, numbers, stream_id, name)
    local shown = args[at + 9] == '0' and not hidden
    if numbers.armed and not (shown and numbers.armed == batch.session) then
      numbers.armed = false
      headers.wake(part, topic .. ' ' .. headers.text(numbers.seq) .. (shown and ' ' .. batch.session or ''))
    end
    return stream_id .. ' ' .. headers.position(part)
  end

  -- Writes the message; returns its stream id and position, or those of the original after a =. `hidden`: the reply does not
  -- show the message to the session. One that cannot be written leaves all as it was.
  function topics.append(batch, args, at, hidden)
    local part = partitions.at(batch, args[at])
    local numbers = topics.numbers(part, args[at + 1])
    local seq, bytes, request, lsn_text = numbers.seq, numbers.bytes, part.request, part.lsn_text
    headers.begin(batch, part)
    local ok, answer = pcall(place, batch, args, at, part, numbers, hidden)
    if ok then return answer end
    numbers.seq, numbers.bytes = seq, bytes
    if request ~= batch.request then
      part.request, part.lsn, part.lsn_text, part.position = request, part.lsn - 1, lsn_text, false
    end
    if args[at + 3] ~= '' then buckets.check(topics.ids(part, args[at + 1], args[at + 3])) end
    error(answer, 0)
  end
end
