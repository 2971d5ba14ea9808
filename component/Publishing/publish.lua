-- Publish: several messages as one request, all or none.
--
-- Arguments: what a repetition of the whole request is known by ('' = nothing), window of that in ms, count, then the
-- arguments of an append for each. Replies: OK, then per message <stream id> <position> with a leading = where it is a
-- duplicate; or FULL <index of the first topic without room>. Complexity O(count).
-- A request that is repeated is answered with its first reply, kept among the ids of kind r of its first message's topic.
do
  function requests.publish(batch, args, at)
    local repetition, count, first = args[at], tonumber(args[at + 2]), at + 3
    local part, topic = partitions.at(batch, args[first]), args[first + 1]
    local family = repetition ~= '' and topics.ids(part, topic, 'r')
    local before = family and buckets.find(family, repetition)
    if before then
      marks.begin(batch, part)
      redis.call('HINCRBY', topics.numbers(part, topic).key, 'dup', count)
      return 'OK ' .. string.gsub(before, '=?(%S+ %S+)', '=%1')
    end
    local crowded = topics.crowded(batch, args, first, count)
    if crowded then return 'FULL ' .. crowded end
    local replies = {}
    for i = 1, count do
      replies[i] = topics.append(batch, args, first + (i - 1) * topics.width)
    end
    local reply = table.concat(replies, ' ')
    if family then buckets.put(family, repetition, reply, tonumber(args[at + 1]), batch.now) end
    return 'OK ' .. reply
  end
end
