-- Publish: several messages as one request, all or none.
--
-- Arguments: count, then the arguments of an append for each. Replies: OK, then per message <stream id> <position> with
-- a leading = where it is a duplicate; or FULL <index of the first topic without room>. Complexity O(count).
do
  function requests.publish(batch, args, at)
    local count, wanted = tonumber(args[at]), {}
    for i = 0, count - 1 do
      local from = at + 1 + i * topics.width
      local place = args[from] .. ' ' .. args[from + 1]
      if not topics.has_room(batch, args, from, wanted[place] or 0) and not topics.known(batch, args, from) then
        return 'FULL ' .. i
      end
      wanted[place] = (wanted[place] or 0) + 1
    end
    local replies = { 'OK' }
    for i = 0, count - 1 do
      local fresh, reply = topics.append(batch, args, at + 1 + i * topics.width)
      replies[i + 2] = (fresh and '' or '=') .. reply
    end
    return table.concat(replies, ' ')
  end
end
