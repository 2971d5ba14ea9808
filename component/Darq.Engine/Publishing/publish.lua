-- Publish: several messages as one request, all or none.
--
-- publish: identity of the request, by which a repetition is recognised ('' = none), window of that in ms, count, then the
--       arguments of an append for each. Replies: OK, then per message <stream id> <position> with a leading = where it is
--       a duplicate; or FULL <index of the first message without room>.
-- bare: messages that are nothing but data, of one topic and partition: identity and window as above, place, topic, most messages
--       to hold, count, beginning of their ids and the number that ends the first one, then the data of each. Replies: OK <stream
--       id of the first> <position>, after which the others follow without a gap; or with a leading =; or FULL <index>.
-- Complexity O(count). A repeated request gets its first reply, kept among the ids of kind r of its first message's topic.
do
  -- Answers a repeated request with its first reply.
  local function again(batch, part, topic, reply, count)
    headers.begin(batch, part)
    topics.count_duplicates(topics.numbers(part, topic), count)
    return 'OK ' .. string.gsub(reply, '=?(%S+ %S+)', '=%1')
  end

  function requests.publish(batch, args, at)
    local identity, count, first = args[at], tonumber(args[at + 2]), at + 3
    local part, topic = partitions.at(batch, args[first]), args[first + 1]
    local family = identity ~= '' and topics.ids(part, topic, 'r')
    local before = family and buckets.find(family, identity)
    if before then return again(batch, part, topic, before, count) end
    local crowded = topics.crowded(batch, args, first, count)
    if crowded then return 'FULL ' .. crowded end
    local replies = {}
    for i = 1, count do
      replies[i] = topics.append(batch, args, first + (i - 1) * topics.width)
    end
    local reply = table.concat(replies, ' ')
    if family then buckets.put(family, identity, reply, tonumber(args[at + 1]), batch.now) end
    return 'OK ' .. reply
  end

  function requests.bare(batch, args, at)
    local identity, place, topic, count = args[at], args[at + 2], args[at + 3], tonumber(args[at + 5])
    local ids, first = args[at + 6], tonumber(args[at + 7])
    local part = partitions.at(batch, place)
    local numbers = topics.numbers(part, topic)
    local family = identity ~= '' and topics.ids(part, topic, 'r')
    local room = topics.room(batch, part, numbers, tonumber(args[at + 4]), count)
    if room < count then
      local before = family and buckets.find(family, identity)
      if before then return again(batch, part, topic, before, count) end
      return 'FULL ' .. math.max(room, 0)
    end
    headers.begin(batch, part)
    local reply = part.wl .. '-' .. headers.text(numbers.seq + 1) .. ' ' .. headers.position(part)
    local before = family and buckets.known_or_put(family, identity, reply, tonumber(args[at + 1]), batch.now)
    if before then return again(batch, part, topic, before, count) end
    topics.append(batch, { place, topic, ids .. args[at + 7], '', '', '0', '', args[at + 8], '', '0', args[at + 4] }, 1)
    for i = 1, count - 1 do topics.extend(batch, part, numbers, ids .. headers.text(first + i), args[at + 8 + i]) end
    return 'OK ' .. reply
  end
end
