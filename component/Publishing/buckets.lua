-- Buckets: what is remembered for a while, in hashes that are dropped whole.
--
-- A family of buckets has a number and the time its newest one was opened, both kept in fields of an owner hash.
-- A family is read once in a batch. Looking up reads the newest two buckets. A new one is opened by the first write that comes a window after the newest was
-- opened; it drops the one before the last, so that an entry lives for at least one window. Numbers only count up and
-- never follow the clock, so a clock that jumps or a changed window cannot bring an old number back.
do
  -- part: where it is kept; owner: hash key; prefix: of the bucket keys; n, s: fields of number and opening time.
  function buckets.family(part, owner, prefix, n, s)
    local family = part.families[prefix]
    if not family then
      local kept = redis.call('HMGET', owner, n, s)
      family = { owner = owner, prefix = prefix, n = n, s = s, number = tonumber(kept[1] or 0), opened = tonumber(kept[2] or 0) }
      part.families[prefix] = family
    end
    return family
  end

  function buckets.find(family, name)
    if family.number == 0 then return false end
    return redis.call('HGET', family.prefix .. family.number, name)
      or family.number > 1 and redis.call('HGET', family.prefix .. family.number - 1, name)
  end

  function buckets.put(family, name, value, window, now)
    if family.opened == 0 or now - family.opened >= window then
      redis.call('UNLINK', family.prefix .. family.number - 1)
      family.number, family.opened, family.renewed = family.number + 1, now, false
      redis.call('HSET', family.owner, family.n, family.number, family.s, marks.text(now))
    end
    local bucket = family.prefix .. family.number
    redis.call('HSET', bucket, name, value)
    -- Only a backstop, for a family that nobody writes to any more. Renewed by every batch that writes, because the window
    -- may have grown since the bucket was opened.
    if not family.renewed then
      redis.call('PEXPIRE', bucket, marks.text(3 * window))
      family.renewed = true
    end
  end
end
