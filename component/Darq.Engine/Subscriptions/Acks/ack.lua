-- Ack: marks messages of a lane as finished: consumed or expired.
--
-- Request ack: place, group, topic, fencing token, counter of the books (consumed or expired), count, then <world-line>, <seq> of each
-- message, in the stream or the retry queue. Replies: OK <newly acked> <position of the partition> | FENCED (another owner, or this one
-- has not resumed after a recovery). Acking a message again changes nothing. Complexity O(count log ranges). Frees what every group has
-- acked.
do
  function requests.ack(batch, args, at)
    local part = partitions.at(batch, args[at])
    local lane = lanes.open(part, args[at + 1], args[at + 2])
    if not lanes.is_owner(lane, batch.session, args[at + 3]) then return 'FENCED' end
    local acked = 0
    for i = 1, tonumber(args[at + 5]) do
      local wl, seq = args[at + 4 + 2 * i], tonumber(args[at + 5 + 2 * i])
      local pending = lanes.pending(lane, seq)
      if pending then
        headers.begin(batch, part)
        lanes.finish(lane, wl, seq, pending, args[at + 4])
        acked = acked + 1
      end
    end
    if acked > 0 then lanes.trim(lane) end
    return 'OK ' .. acked .. ' ' .. headers.reached(part)
  end
end
