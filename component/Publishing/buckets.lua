-- Buckets: what is remembered for a while, in hashes that are dropped whole.
--
-- A family of buckets has a number and the time its newest one was opened, both kept in fields of an owner hash.
-- Looking up reads the newest two. A new one is opened by the first write that comes a window after the newest was
-- opened; it drops the one before the last, so that an entry lives for at least one window. Numbers only count up and
-- never follow the clock, so a clock that jumps or a changed window cannot bring an old number back.
do
  -- owner: hash key; prefix: of the bucket keys; n, s: fields of number and opening time.
  function buckets.family(owner, prefix, n, s)
    local kept = redis.call('HMGET', owner, n, s)
    return { owner = owner, prefix = prefix, n = n, s = s, number = tonumber(kept[1] or 0), opened = tonumber(kept[2] or 0) }
  end

  function buckets.find(family, name)
    return redis.call('HGET', family.prefix .. family.number, name)
      or redis.call('HGET', family.prefix .. (family.number - 1), name)
  end

  function buckets.put(family, name, value, window, now)
    if family.opened == 0 or now - family.opened >= window then
      redis.call('UNLINK', family.prefix .. (family.number - 1))
      family.number, family.opened = family.number + 1, now
      redis.call('HSET', family.owner, family.n, family.number, family.s, now)
    end
    redis.call('HSET', family.prefix .. family.number, name, value)
    -- Only a backstop, for a family that nobody writes to any more. Renewed by every write, because the window may have
    -- grown since the bucket was opened.
    redis.call('PEXPIRE', family.prefix .. family.number, 3 * window)
  end
end
