-- Reads what a model's answer says of its use, as it passes by, and makes the report of it.
--
-- Read are the answers of OpenAI (chat, completions, responses, embeddings), Anthropic, Gemini and
-- Bedrock, in one piece or as server-sent events. An answer may be of any length and come in pieces
-- that are cut anywhere; nothing waits for it, and its text is not kept.
local scanner = require "kong.plugins.tollgate.scanner"

local usage = {}

-- The most tokens that one report may tell of.
local HIGHEST = 2 ^ 40

local byte = string.byte
local QUOTE, BACKSLASH, COLON = byte('"\\:', 1, -1)
local OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = byte("{}[]", 1, -1)

-- Begins to read an answer.
function usage.reader()
  local reader = scanner.new()
  -- The line of an event that is being read.
  reader.line, reader.field, reader.has_data, reader.was_return = "name", "", false, false
  return reader
end

-- Reads a part of a line: of an event only its `data` counts, several lines of it as one text.
local function read_line(reader, piece, first, last)
  if reader.line == "name" then
    local missing = 5 - #reader.field
    reader.field = reader.field .. piece:sub(first, math.min(last, first + missing - 1))
    first = first + missing
    if reader.field == "data:" then
      reader.line = "space"
      if reader.has_data then scanner.read(reader, "\n", 1, 1) else scanner.restart(reader) end
      reader.has_data = true
    elseif reader.field ~= ("data:"):sub(1, #reader.field) then
      reader.line = "other"
    end
  end
  if first > last then return end
  if reader.line == "space" then
    reader.line = "data"
    if piece:sub(first, first) == " " then first = first + 1 end
  end
  if reader.line == "data" then scanner.read(reader, piece, first, last) end
end

-- Reads a part of a piece as server-sent events; what is no JSON, as `[DONE]`, tells nothing.
local function read_events(reader, piece, first)
  local last = #piece
  -- Behind a carriage return a line feed ends no other line.
  if reader.was_return and piece:sub(first, first) == "\n" then first = first + 1 end
  if first <= last then reader.was_return = false end
  while first <= last do
    local stop = piece:find("[\r\n]", first) or last + 1
    if stop > first then read_line(reader, piece, first, stop - 1) end
    if stop <= last then
      -- An empty line ends the event.
      if reader.field == "" then reader.has_data = false end
      reader.line, reader.field = "name", ""
      if piece:sub(stop, stop) == "\r" then
        if stop == last then
          reader.was_return = true
        elseif piece:sub(stop + 1, stop + 1) == "\n" then
          stop = stop + 1
        end
      end
    end
    first = stop + 1
  end
end

-- Reads the next piece of an answer.
function usage.read(reader, piece)
  local first = 1
  if not reader.form then
    -- What it is its first byte says; white space and a byte order mark say nothing.
    first = piece:find("[^%s\239\187\191]")
    if not first then return end
    local byte = piece:sub(first, first)
    reader.form = byte:find("[{%[]") and "json" or byte:find("[deir:]") and "events" or "other"
  end
  if reader.form == "json" then
    scanner.read(reader, piece, first, #piece)
  elseif reader.form == "events" then
    read_events(reader, piece, first)
  end
end

-- All of the prompt, nil when nothing was told of it; then what of it came from a cache.
local function input(counts)
  if counts.prompt then return counts.prompt + (counts.tools or 0), counts.cached or 0 end
  local cached = counts.cached or counts.read or 0
  if not counts.input then return nil, cached end
  return counts.input + (counts.read or 0) + (counts.written or 0), cached
end

-- What was used: tokens of prompt (nil when it is not told), of it cached, and of output; nil when
-- the answer does not tell.
--
-- Of a stream that tells nothing, or ended before it did, what came of it is counted. Of an answer
-- in one piece nothing can be said unless it is whole.
function usage.result(reader)
  local is_stream = reader.form == "events" or reader.form == "json" and reader.is_array
  if reader.documents == 0 or not is_stream and reader.state ~= "end" then return nil end
  local counts = reader.counts
  local prompt, cached = input(counts)
  local seen = is_stream and math.max(reader.estimate, reader.first) or 0
  local output = counts.output
  if counts.thoughts then output = (output or 0) + counts.thoughts end
  if not output and (prompt or seen > 0) then output = seen end
  return output and { input = prompt, cached = cached, output = output }
end

-- How many bytes of text a request has, which is what Tollgate holds for its prompt: no tokenizer
-- makes more tokens of it. The names of fields and of the model are no text. Nil for a request
-- without a body, which asks no model for anything.
function usage.prompt(body)
  if body == "" then return nil end
  local bytes, at, depth, name = 0, 1, 0, nil
  while at <= #body do
    local code = byte(body, at)
    if code == OPEN_OBJECT or code == OPEN_ARRAY then
      depth = depth + 1
    elseif code == CLOSE_OBJECT or code == CLOSE_ARRAY then
      depth = depth - 1
    elseif code == QUOTE then
      local first = at + 1
      repeat
        at = at + (byte(body, at) == BACKSLASH and 2 or 1)
        code = byte(body, at)
      until not code or code == QUOTE
      local behind = at + 1
      while scanner.is_white[byte(body, behind)] do behind = behind + 1 end
      if byte(body, behind) == COLON then
        name = body:sub(first, at - 1)
      elseif name ~= "model" or depth > 1 then
        bytes = bytes + math.min(at, #body + 1) - first
      end
    end
    at = at + 1
  end
  return bytes
end

-- The report of a request, a record for `/authz/v1/settle`; nil when nobody can tell what it used,
-- so that its hold ends by its age.
--
-- - reservation: which request it was.
-- - reader: what has read its answer.
-- - prompt: how many tokens of prompt count if the answer does not tell; see `usage.prompt`.
-- - status: that of the answer. 499, nginx's for a client that left before there was one, says
--   nothing of what is behind; any other from 400 on gives the hold back if nothing was used.
function usage.report(reservation, reader, prompt, status)
  if not reservation:find("^rs_%w+$") then return nil end
  local fields = { ('"reservation_id":"%s"'):format(reservation) }
  local function add(form, value) fields[#fields + 1] = form:format(value) end
  if status >= 100 and status <= 999 then add('"status":%d', status) end
  local used = usage.result(reader) or not prompt and { cached = 0, output = 0 }
  if used then
    local tokens = used.input or prompt or 0
    if not used.input and prompt == 0 then return nil end
    add('"input_tokens":%.0f', math.min(tokens, HIGHEST))
    add('"cached_input_tokens":%.0f', math.min(used.cached, HIGHEST))
    add('"output_tokens":%.0f', math.min(used.output, HIGHEST))
    -- Of any other name, what was asked for is billed.
    local model = reader.model or ""
    if model:find("^[%w._:/@+-]+$") then add('"model":"%s"', model) end
  elseif status < 400 or status == 499 then
    return nil
  end
  return "{" .. table.concat(fields, ",") .. "}"
end

return usage
