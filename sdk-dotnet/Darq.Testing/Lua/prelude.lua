-- What Redis 7 gives to a function library. The chunk gets the command entry (a function that never raises: it returns false and a
-- text, or true and a value) and returns the two entries of the simulator: load, run. Runs after lua51.lua.
local execute = ... -- whether writes are allowed, command, arguments

local functions, loading, writes = {}, false, true

redis = { LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3 }

function redis.pcall(...)
  local ok, value = execute(writes, ...)
  if ok then return value end
  return { err = value }
end

function redis.call(...)
  local ok, value = execute(writes, ...)
  if ok then return value end
  error({ err = value })
end

-- Redis' own pcall hands out the text of an error that a command raised, not the table.
local plain_pcall = pcall
local function unwrapped(ok, first, ...)
  if not ok and type(first) == 'table' and type(first.err) == 'string' then first = first.err end
  return ok, first, ...
end
function pcall(...)
  return unwrapped(plain_pcall(...))
end

function redis.error_reply(text)
  return { err = string.find(text, '^%u+ ') and text or 'ERR ' .. text }
end

function redis.status_reply(text)
  return { ok = text }
end

function redis.log() end

function redis.register_function(first, callback)
  if not loading then error('redis.register_function can only be called on FUNCTION LOAD command') end
  local named = type(first) == 'table' and first or { function_name = first, callback = callback }
  for field in pairs(named) do
    if field ~= 'function_name' and field ~= 'callback' and field ~= 'flags' and field ~= 'description' then
      error('unknown argument given to redis.register_function')
    end
  end
  if type(named.function_name) ~= 'string' or not string.find(named.function_name, '^[%w_]+$') then error('wrong function name') end
  if type(named.callback) ~= 'function' then error('callback argument given to redis.register_function must be a function') end
  if functions[named.function_name] then error('Function already exists in the library') end
  local flags = {}
  for _, flag in ipairs(named.flags or {}) do flags[flag] = true end
  functions[named.function_name] = { callback = named.callback, flags = flags }
end

setmetatable(_G, {
  __newindex = function(_, name) error('Attempt to modify a readonly table: ' .. tostring(name), 2) end,
  __index = function(_, name) error('Script attempted to access nonexistent global variable \'' .. tostring(name) .. '\'', 2) end,
})

local function load(library, joint)
  loading = true
  library(joint)
  loading = false
end

local function run(name, keys, arguments, read_only, writes_refused, growth_refused)
  local found = functions[name]
  if not found then error({ err = 'ERR Function not found' }) end
  writes = not found.flags['no-writes']
  if read_only and writes then error({ err = 'ERR Can not execute a script with write flag using *_ro command.' }) end
  if writes and writes_refused ~= '' then error({ err = writes_refused }) end
  if writes and growth_refused ~= '' and not found.flags['allow-oom'] then error({ err = growth_refused }) end
  return found.callback(keys, arguments)
end

return load, run
