-- Buckets: names that are remembered for a while, in hashes that are dropped whole.
--
-- A family of buckets is a field of a header: '<number> <opening time of the newest bucket> <window>'. A lookup reads the newest
-- two. The first write that comes a window after the newest was opened opens another and drops the one before the last, so that an
-- entry lives for at least one window. Numbers only count up and never follow the clock, so a clock that jumps or a changed window
-- cannot bring an old number back.
do
  -- A value under the empty name, long enough that Redis makes a table of the hash. A small hash is a list, which Redis
  -- searches to its end for a name that is missing.
  local tabled = '                                                                 '

  -- field: of the header of `part`; prefix: of the bucket keys.
  function buckets.family(part, field, prefix)
    local number, opened, window = string.match(headers.field(part, field) or '0 0 0', '^(%d+) (%d+) (%d+)$')
    if not number then headers.fail(part.key, 'field ' .. field .. ' is in another form') end
    number = number + 0
    return {
      part = part, field = field, prefix = prefix, number = number, newest = number > 0 and prefix .. number,
      earlier = number > 1 and prefix .. number - 1, opened = opened + 0, window = window + 0,
      checked = false,
    }
  end

  function buckets.find(family, name)
    return family.newest and redis.call('HGET', family.newest, name) or family.earlier and redis.call('HGET', family.earlier, name)
  end

  -- Throws where a bucket is no hash, before anything is written.
  function buckets.check(family)
    if family.checked then return end
    if family.newest then headers.check(family.newest, 'hash') end
    if family.earlier then headers.check(family.earlier, 'hash') end
    family.checked = true
  end

  -- Takes a name back that was put last.
  function buckets.forget(family, name)
    redis.call('HDEL', family.newest, name)
  end

  -- Expiry only removes a family that gets no more writes. A grown window sets it again.
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
      headers.set(family.part, family.field, string.format('%d %d %d', family.number, family.opened, window))
      redis.call('PEXPIRE', family.newest, headers.text(3 * window))
    end
  end

  -- Puts a new name; returns the value of a known one. Costs one command where find and put cost two.
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
