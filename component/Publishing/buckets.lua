-- Buckets: what is remembered for a while, in hashes that are dropped whole.
--
-- A family of buckets has a number, the time its newest one was opened and its window, kept in fields of an owner hash and
-- read once in a batch. Looking up reads the newest two. A new one is opened by the first write that comes a window after
-- the newest was opened; it drops the one before the last, so that an entry lives for at least one window. Numbers only
-- count up and never follow the clock, so a clock that jumps or a changed window cannot bring an old number back.
do
  -- owner: hash key; prefix: of the bucket keys; letter: of the owner's fields <letter>n number, <letter>s opening time,
  -- <letter>w window, whose values are kept[at], kept[at + 1], kept[at + 2].
  function buckets.family(owner, prefix, letter, kept, at)
    return {
      owner = owner, prefix = prefix, letter = letter,
      number = tonumber(kept[at] or 0), opened = tonumber(kept[at + 1] or 0), window = tonumber(kept[at + 2] or 0),
    }
  end

  function buckets.find(family, name)
    if family.number == 0 then return false end
    return redis.call('HGET', family.prefix .. family.number, name)
      or family.number > 1 and redis.call('HGET', family.prefix .. family.number - 1, name)
  end

  -- Expiry is only a backstop, for a family that nobody writes to any more. It is set again where the window has grown since.
  function buckets.put(family, name, value, window, now)
    local is_old = family.opened == 0 or now - family.opened >= window
    if is_old then
      redis.call('UNLINK', family.prefix .. family.number - 1)
      family.number, family.opened = family.number + 1, now
    end
    local bucket = family.prefix .. family.number
    redis.call('HSET', bucket, name, value)
    if is_old or window > family.window then
      family.window = window
      local letter = family.letter
      redis.call('HSET', family.owner, letter .. 'n', family.number, letter .. 's', marks.text(family.opened), letter .. 'w', marks.text(window))
      redis.call('PEXPIRE', bucket, marks.text(3 * window))
    end
  end
end
