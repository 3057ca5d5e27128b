-- Walks over JSON (RFC 8259) that comes in pieces, cut anywhere, and keeps what it says of use.
--
-- Nothing of the text is kept but the name or short value that is being read. What is told counts
-- when its object, the answer or one event of it, is complete; of a name that comes twice the last
-- one counts.
local places = require "kong.plugins.tollgate.places"

local scanner = {}

local FIELDS, COUNTS = places.fields, places.counts
-- How deep values may be nested, and how long names and short values may be.
local DEPTH, NAME, MODEL, SCALAR = 64, 32, 256, 64

local byte = string.byte
local QUOTE, BACKSLASH, COLON, COMMA, SPACE = byte('"\\:, ', 1, -1)
local OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = byte("{}[]", 1, -1)

-- The bytes that a pattern is for.
local function bytes_of(pattern)
  local found = {}
  for code = 0, 255 do found[code] = string.char(code):find(pattern) ~= nil end
  return found
end
local IN_SCALARS = bytes_of("[%w.+-]")
scanner.is_white = bytes_of("[ \t\r\n]")

local WORDS = { ["true"] = true, ["false"] = true, null = true }
local ESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

-- Begins a new text; what the ones before it told stays.
function scanner.restart(reader)
  reader.state, reader.depth, reader.place = "value", 0, "root"
  reader.told, reader.text_bytes, reader.is_start = {}, 0, false
end

-- Begins to read an answer.
function scanner.new()
  local reader = {
    -- What all events have told: counts, the model, and how many tokens their texts make.
    counts = {}, model = "", estimate = 0, first = 0, documents = 0,
    -- By depth, what is around the value that is being read.
    places = {}, objects = {},
  }
  scanner.restart(reader)
  return reader
end

-- A text with more behind it; nil once it is longer than it may be.
local function joined(text, more, limit)
  return text and #text + #more <= limit and text .. more or nil
end

-- Takes characters of a string.
local function take(reader, piece, first, last)
  if last < first then return end
  local place = reader.place
  if reader.is_name or place == "kind" then
    reader.name = joined(reader.name, piece:sub(first, last), NAME)
  elseif place == "model" then
    reader.model = joined(reader.model, piece:sub(first, last), MODEL)
  elseif place == "text" then
    reader.text_bytes = reader.text_bytes + last - first + 1
  end
end

local function end_value(reader)
  reader.state = reader.depth == 0 and "end" or "next"
end

local function end_string(reader)
  if reader.is_name then
    local fields = FIELDS[reader.places[reader.depth]]
    reader.place = fields and fields[reader.name or ""] or "other"
    reader.state = "colon"
    return
  end
  if reader.place == "kind" then reader.is_start = reader.name == "message_start" end
  end_value(reader)
end

-- Takes plain characters, up to the string's end, an escape, or the end of the piece.
local function read_string(reader, piece, first, last)
  local stop, code = first, nil
  while stop <= last do
    code = byte(piece, stop)
    if code == QUOTE or code == BACKSLASH or code < SPACE then break end
    stop = stop + 1
  end
  take(reader, piece, first, stop - 1)
  if stop > last then return stop end
  if code == QUOTE then
    end_string(reader)
  else
    reader.state = code == BACKSLASH and "escape" or "broken"
  end
  return stop + 1
end

local function read_escape(reader, letter)
  if letter == "u" then
    reader.state, reader.digits = "hex", ""
    return
  end
  local character = ESCAPES[letter]
  reader.state = character and "string" or "broken"
  if character then take(reader, character, 1, 1) end
end

local function read_hex(reader, digit)
  if not digit:find("^%x") then
    reader.state = "broken"
    return
  end
  reader.digits = reader.digits .. digit
  if #reader.digits < 4 then return end
  local unit = tonumber(reader.digits, 16)
  -- No name or model that matters is written with other escapes than these.
  take(reader, unit < 0x80 and string.char(unit) or "\255", 1, 1)
  reader.state = "string"
end

-- What a text says if it is a number of JSON; nil otherwise.
local function number_in(text)
  local whole, rest = text:match("^%-?(%d+)(.*)$")
  if not whole or #whole > 1 and whole:sub(1, 1) == "0" then return nil end
  rest = rest:gsub("^%.%d+", ""):gsub("^[eE][+-]?%d+$", "")
  return rest == "" and tonumber(text) or nil
end

-- A number or a word is over.
local function end_scalar(reader)
  local text = reader.scalar or ""
  local number = number_in(text)
  if not number and not WORDS[text] then
    reader.state = "broken"
    return
  end
  if number and COUNTS[reader.place] then
    reader.told[reader.place] = number >= 0 and math.ceil(number) or nil
  end
  end_value(reader)
end

-- The answer, or an event of it, is complete: what it tells counts.
--
-- A stream has a token in an event as a rule, of a few bytes; some collect several. So a text of up
-- to 16 bytes is taken for one token, and of a longer one each four bytes are.
local function end_document(reader)
  local told, bytes = reader.told, reader.text_bytes
  reader.documents = reader.documents + 1
  if reader.is_start then
    -- Told before any of it was there.
    reader.first, told.output = told.output or 0, nil
  end
  for name, count in pairs(told) do reader.counts[name] = count end
  if bytes > 16 then
    reader.estimate = reader.estimate + math.ceil(bytes / 4)
  elseif bytes > 0 then
    reader.estimate = reader.estimate + 1
  end
end

local function open(reader, is_object)
  if reader.depth == DEPTH then
    reader.state = "broken"
    return
  end
  if reader.depth == 0 then reader.is_array = not is_object end
  reader.place = FIELDS[reader.place] and reader.place or "other"
  reader.depth = reader.depth + 1
  reader.places[reader.depth], reader.objects[reader.depth] = reader.place, is_object
  if is_object and reader.place == "root" then
    reader.told, reader.text_bytes, reader.is_start = {}, 0, false
  end
  reader.state = is_object and "name or end" or "value or end"
end

local function close(reader, code)
  local is_object = reader.objects[reader.depth]
  if code ~= (is_object and CLOSE_OBJECT or CLOSE_ARRAY) then
    reader.state = "broken"
    return
  end
  if is_object and reader.places[reader.depth] == "root" then end_document(reader) end
  reader.depth = reader.depth - 1
  end_value(reader)
end

local function begin_value(reader, code)
  -- What stands here takes the place of an earlier one of this name.
  if reader.place == "usage" then reader.told = {} end
  if code == OPEN_OBJECT or code == OPEN_ARRAY then
    open(reader, code == OPEN_OBJECT)
  elseif code == QUOTE then
    reader.is_name, reader.state = false, "string"
    if reader.place == "model" then reader.model = "" end
    if reader.place == "kind" then reader.name = "" end
  else
    reader.scalar, reader.state = string.char(code), "scalar"
  end
end

local function begin_name(reader, code)
  reader.is_name, reader.name = true, ""
  reader.state = code == QUOTE and "string" or "broken"
end

-- What a byte between values does, by what may stand there.
local STEPS = {
  value = begin_value,
  name = begin_name,
  ["value or end"] = function(reader, code)
    if code == CLOSE_ARRAY then close(reader, code) else begin_value(reader, code) end
  end,
  ["name or end"] = function(reader, code)
    if code == CLOSE_OBJECT then close(reader, code) else begin_name(reader, code) end
  end,
  colon = function(reader, code) reader.state = code == COLON and "value" or "broken" end,
  next = function(reader, code)
    if code ~= COMMA then return close(reader, code) end
    if reader.objects[reader.depth] then
      reader.state = "name"
    else
      reader.place, reader.state = reader.places[reader.depth], "value"
    end
  end,
  ["end"] = function(reader) reader.state = "broken" end,
}

-- Takes the letters and digits of a number or a word.
local function read_scalar(reader, piece, first, last)
  local stop = first
  while stop <= last and IN_SCALARS[byte(piece, stop)] do stop = stop + 1 end
  reader.scalar = joined(reader.scalar, piece:sub(first, stop - 1), SCALAR)
  if stop <= last then end_scalar(reader) end
  return stop
end

-- Reads a part of a piece.
function scanner.read(reader, piece, first, last)
  local at = first
  while at <= last do
    local state = reader.state
    if state == "string" then
      at = read_string(reader, piece, at, last)
    elseif state == "scalar" then
      at = read_scalar(reader, piece, at, last)
    elseif state == "broken" then
      return
    else
      local code = byte(piece, at)
      if state == "escape" then
        read_escape(reader, string.char(code))
      elseif state == "hex" then
        read_hex(reader, string.char(code))
      elseif not scanner.is_white[code] then
        STEPS[state](reader, code)
      end
      at = at + 1
    end
  end
end

return scanner
