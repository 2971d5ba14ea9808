-- Publish: several messages as one request, all or none.
--
-- Arguments: count, then the arguments of an append for each. Replies: OK, then per message <stream id> <position> with
-- a leading = where it is a duplicate; or FULL <index of the first topic without room>. Complexity O(count).
do
  function requests.publish(batch, args, at)
    local count = tonumber(args[at])
    local crowded = topics.crowded(batch, args, at + 1, count)
    if crowded then return 'FULL ' .. crowded end
    local replies = { 'OK' }
    for i = 0, count - 1 do
      replies[i + 2] = topics.append(batch, args, at + 1 + i * topics.width)
    end
    return table.concat(replies, ' ')
  end
end
