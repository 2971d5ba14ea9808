-- Gives the globals of Lua 5.4 the meaning that they have in Lua 5.1, which Redis runs; Lua51Source does the same for what is written
-- as an operator. All numbers are floats but lengths and positions, which stay far below the integers that a float cannot hold, and all
-- are shown as 5.1 shows them. What 5.1 does not have is taken away, and so is loadstring. Returns the value that joins concatenations.
local floor, ceil, tointeger, number_of, text_of = math.floor, math.ceil, math.tointeger, tonumber, tostring
local format, find, match, gsub = string.format, string.find, string.match, string.gsub
local concat, sort, unpack_all, pairs_of, type = table.concat, table.sort, table.unpack, pairs, type

for _, name in ipairs({ 'io', 'debug', 'package', 'require', 'dofile', 'loadfile', 'load', 'print', 'utf8', 'warn', 'rawlen' }) do
  _G[name] = nil
end
_VERSION = 'Lua 5.1'
os = { clock = os.clock }
for _, name in ipairs({ 'tointeger', 'type', 'ult', 'maxinteger', 'mininteger' }) do math[name] = nil end
for _, name in ipairs({ 'pack', 'unpack', 'packsize', 'dump' }) do string[name] = nil end
for _, name in ipairs({ 'pack', 'unpack', 'move' }) do table[name] = nil end

local function shown(value)
  if type(value) == 'number' then return format('%.14g', value) end
  return value
end

function tostring(...)
  local value = ...
  if type(value) == 'number' then return format('%.14g', value) end
  return text_of(...)
end

function tonumber(value, ...)
  local number = number_of(value, ...)
  if number then return number + 0.0 end
  -- 5.1 asks C, which knows these words.
  local sign, word = match(type(value) == 'string' and select('#', ...) == 0 and value or '', '^%s*([+-]?)(%a+)%s*$')
  word = word and string.lower(word)
  if word == 'nan' then return 0.0 / 0.0 end
  if word == 'inf' or word == 'infinity' then return sign == '-' and -math.huge or math.huge end
  return nil
end

-- Numbers in text become floats before they are calculated with.
local texts = getmetatable('')
local function arithmetic(name, calculate)
  texts[name] = function(left, right)
    local a, b = tonumber(left), tonumber(right)
    if a and b then return calculate(a, b) end
    error('attempt to perform arithmetic on a ' .. type(a and right or left) .. ' value', 2)
  end
end
arithmetic('__add', function(a, b) return a + b end)
arithmetic('__sub', function(a, b) return a - b end)
arithmetic('__mul', function(a, b) return a * b end)
arithmetic('__div', function(a, b) return a / b end)
arithmetic('__mod', function(a, b) return a % b end)
arithmetic('__pow', function(a, b) return a ^ b end)
arithmetic('__unm', function(a) return -a end)
texts.__idiv = nil

function math.floor(number) return floor(number) + 0.0 end
function math.ceil(number) return ceil(number) + 0.0 end
function math.pow(base, exponent) return base ^ exponent end
function math.log10(number) return math.log(number, 10) end

-- Whole numbers for %d are cut off, not refused; %s takes a number as 5.1 shows it.
local wanted = {}
local function arguments_of(form)
  local kinds = {}
  local plain = gsub(form, '%%([-+ #0]*[%d.]*)(.)', function(width, kind)
    if kind ~= '%' then kinds[#kinds + 1] = kind end
    return kind == 'u' and '%' .. width .. 'd' or nil
  end)
  wanted[form] = { plain = plain, kinds = kinds }
  return wanted[form]
end

local function formatted(kind, value)
  if kind == 's' then return shown(value) end
  if not find('diuxXoc', kind, 1, true) then return value end
  local number = tonumber(value)
  if not number then return value end
  return tointeger(number < 0 and ceil(number) or floor(number)) or '-9223372036854775808' + 0
end

function string.format(form, ...)
  local want, values = wanted[form] or arguments_of(form), { ... }
  for i, kind in ipairs(want.kinds) do
    if values[i] ~= nil then values[i] = formatted(kind, values[i]) end
  end
  return format(want.plain, unpack_all(values, 1, select('#', ...)))
end

-- Positions and counts are cut off, not refused, as C casts them.
local function whole(value)
  if type(value) == 'number' and tointeger(value) then return value end
  local number = tonumber(value)
  if not number then return value end
  return tointeger(number < 0 and ceil(number) or floor(number)) or value
end
local sub, rep, char, byte = string.sub, string.rep, string.char, string.byte
function string.sub(text, first, last) return sub(text, whole(first), whole(last)) end
function string.rep(text, count) return rep(text, whole(count)) end
function string.byte(text, first, last) return byte(text, whole(first), whole(last)) end
function string.char(...)
  local codes, count = { ... }, select('#', ...)
  for i = 1, count do codes[i] = whole(codes[i]) end
  return char(unpack_all(codes, 1, count))
end

-- A start behind the end is the end.
local function clamped(text, at)
  at = whole(at)
  return at and at > #text + 1 and #text + 1 or at
end
function string.find(text, pattern, at, ...) return find(text, pattern, clamped(text, at), ...) end
function string.match(text, pattern, at) return match(text, pattern, clamped(text, at)) end

function table.concat(list, separator, first, last)
  first, last = first or 1, last or #list
  for i = first, last do
    if type(list[i]) == 'number' then
      local copy = {}
      for k = first, last do copy[k] = shown(list[k]) end
      return concat(copy, shown(separator), first, last)
    end
  end
  return concat(list, shown(separator), first, last)
end

function unpack(list, first, last)
  first, last = first or 1, last or #list
  -- The stack of 5.1 ends here; a script that needs more would fail in Redis.
  if last - first >= 7990 then error('too many results to unpack', 2) end
  return unpack_all(list, first, last)
end

-- Lua 5.4 seeds its hashes with addresses and the time, so the order of a table would differ from run to run.
local function ahead(a, b)
  if type(a) ~= type(b) then return type(a) < type(b) end
  if type(a) == 'number' or type(a) == 'string' then return a < b end
  return text_of(a) < text_of(b)
end
function pairs(list)
  local keys, at = {}, 0
  for key in pairs_of(list) do keys[#keys + 1] = key end
  sort(keys, ahead)
  return function()
    repeat at = at + 1 until list[keys[at]] ~= nil or keys[at] == nil
    return keys[at], list[keys[at]]
  end, list, nil
end
next = nil

-- a .. b was rewritten to a .. joint .. b, which Lua joins from the right: joint .. b keeps b, then a .. joint gives the text.
local kept
local joint = {}
local function text(value)
  local shows = shown(value)
  if type(shows) == 'string' then return shows end
  error('attempt to concatenate a ' .. type(value) .. ' value', 3)
end
return setmetatable(joint, {
  __concat = function(left, right)
    if left == joint then
      kept = text(right)
      return joint
    end
    return text(left) .. kept
  end,
})
