-- Buckets: what is remembered for a while, in hashes that are dropped whole.
--
-- A family of buckets has a number, the time its newest one was opened and its window, kept in fields of an owner hash and
-- read once in a batch. Looking up reads the newest two. A new one is opened by the first write that comes a window after
-- the newest was opened; it drops the one before the last, so that an entry lives for at least one window. Numbers only
-- count up and never follow the clock, so a clock that jumps or a changed window cannot bring an old number back.
do
  -- A value under the empty name, long enough that Redis makes a table of the hash. A small one is a list, which is searched
  -- to its end for what is not there.
  local tabled = '                                                                 '

  -- owner: hash key; prefix: of the bucket keys; letter: of the owner's fields <letter>n number, <letter>s opening time,
  -- <letter>w window, whose values are kept[at], kept[at + 1], kept[at + 2].
  function buckets.family(owner, prefix, letter, kept, at)
    local number = tonumber(kept[at] or 0)
    return {
      owner = owner, prefix = prefix, letter = letter, number = number, newest = number > 0 and prefix .. kept[at],
      earlier = number > 1 and prefix .. number - 1, opened = tonumber(kept[at + 1] or 0), window = tonumber(kept[at + 2] or 0),
    }
  end

  function buckets.find(family, name)
    return family.newest and redis.call('HGET', family.newest, name) or family.earlier and redis.call('HGET', family.earlier, name)
  end

  -- Expiry is only a backstop, for a family that nobody writes to any more. It is set again where the window has grown since.
  function buckets.put(family, name, value, window, now)
    local is_old = family.opened == 0 or now - family.opened >= window
    if is_old then
      if family.earlier then redis.call('UNLINK', family.earlier) end
      family.number, family.opened, family.earlier = family.number + 1, now, family.newest
      family.newest = family.prefix .. family.number
      redis.call('HSET', family.newest, '', tabled)
    end
    redis.call('HSET', family.newest, name, value)
    if is_old or window > family.window then
      family.window = window
      local letter = family.letter
      local opened, lasts = marks.text(family.opened), marks.text(window)
      redis.call('HSET', family.owner, letter .. 'n', family.number, letter .. 's', opened, letter .. 'w', lasts)
      redis.call('PEXPIRE', family.newest, marks.text(3 * window))
    end
  end

  -- Puts a name that is not known yet; of one that is, answers what is known. Costs one command where two would do the same.
  function buckets.known_or_put(family, name, value, window, now)
    if family.opened == 0 or now - family.opened >= window or window > family.window then
      local known = buckets.find(family, name)
      if not known then buckets.put(family, name, value, window, now) end
      return known
    end
    local known = family.earlier and redis.call('HGET', family.earlier, name)
    if known then return known end
    return redis.call('HSETNX', family.newest, name, value) == 0 and redis.call('HGET', family.newest, name)
  end
end
