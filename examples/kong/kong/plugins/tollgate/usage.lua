-- Reads what a model's answer says of its use, as it passes by.
--
-- Read are the answers of OpenAI (chat, completions, responses, embeddings), Anthropic, Gemini and
-- Bedrock, in one piece or as server-sent events. An answer may be of any length and come in pieces
-- that are cut anywhere: of its text nothing is kept but the name or short value being read. Plain
-- Lua, without `require` and without metatables, so that Kong's sandbox runs it too.
local usage = {}

-- The most tokens that one report may tell of.
local HIGHEST = 2 ^ 40
local DEPTH, NAME, MODEL, SCALAR = 64, 32, 256, 64

-- Where a field stands, by where its object does and by its name. The elements of an array stand
-- where the array does. `root` is the answer or one event of it, `envelope` an answer within one,
-- `text` what was generated, and `answer` what texts are in.
local FIELDS = {
  envelope = { model = "model", modelVersion = "model", usage = "usage", usageMetadata = "usage" },
  root = {
    model = "model", modelVersion = "model", usage = "usage", usageMetadata = "usage",
    type = "kind", choices = "answer", candidates = "answer", delta = "text",
    response = "envelope", message = "envelope",
  },
  answer = {
    delta = "text", message = "answer", content = "text", parts = "answer", text = "text",
    reasoning_content = "text", reasoning = "text", refusal = "text", thinking = "text",
    partial_json = "text", tool_calls = "answer", ["function"] = "answer", arguments = "text",
  },
  usage = {
    -- The prompt, what was cached of it included.
    prompt_tokens = "prompt", promptTokenCount = "prompt",
    -- The prompt; where a cache is told of beside it, without what was cached.
    input_tokens = "input", inputTokens = "input",
    completion_tokens = "output", output_tokens = "output",
    candidatesTokenCount = "output", outputTokens = "output",
    -- What the two before do not include.
    thoughtsTokenCount = "thoughts", toolUsePromptTokenCount = "tools",
    prompt_tokens_details = "details", input_tokens_details = "details",
    prompt_cache_hit_tokens = "cached", cachedContentTokenCount = "cached",
    cache_read_input_tokens = "read", cacheReadInputTokens = "read",
    cache_creation_input_tokens = "written", cacheWriteInputTokens = "written",
  },
  details = { cached_tokens = "cached" },
}
FIELDS.text = FIELDS.answer

local COUNTS = {
  prompt = true, input = true, output = true, thoughts = true, tools = true, cached = true,
  read = true, written = true,
}

local byte = string.byte
local QUOTE, BACKSLASH, COLON, COMMA, SPACE = byte('"\\:, ', 1, -1)
local OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY = byte("{}[]", 1, -1)

-- The bytes that a pattern is for.
local function bytes_of(pattern)
  local found = {}
  for code = 0, 255 do found[code] = string.char(code):find(pattern) ~= nil end
  return found
end
local IS_WHITE, IN_SCALARS = bytes_of("[ \t\r\n]"), bytes_of("[%w.+-]")

local WORDS = { ["true"] = true, ["false"] = true, null = true }
local ESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

-- Begins a new text; what the ones before it told stays.
local function restart(reader)
  reader.state, reader.depth, reader.place = "value", 0, "root"
  reader.told, reader.text_bytes, reader.is_start = {}, 0, false
end

-- Begins to read an answer.
function usage.reader()
  local reader = {
    -- What all events have told: counts, the model, and how many tokens their texts make.
    counts = {}, model = "", estimate = 0, first = 0, documents = 0,
    -- By depth, what is around the value that is being read.
    places = {}, objects = {},
    -- The line of an event that is being read.
    line = "name", field = "", has_data = false, was_return = false,
  }
  restart(reader)
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

-- Reads a part of a piece as JSON (RFC 8259).
local function read_json(reader, piece, first, last)
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
      elseif not IS_WHITE[code] then
        STEPS[state](reader, code)
      end
      at = at + 1
    end
  end
end

-- Reads a part of a line: of an event only its `data` counts, several lines of it as one text.
local function read_line(reader, piece, first, last)
  if reader.line == "name" then
    local missing = 5 - #reader.field
    reader.field = reader.field .. piece:sub(first, math.min(last, first + missing - 1))
    first = first + missing
    if reader.field == "data:" then
      reader.line = "space"
      if reader.has_data then read_json(reader, "\n", 1, 1) else restart(reader) end
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
  if reader.line == "data" then read_json(reader, piece, first, last) end
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
    read_json(reader, piece, first, #piece)
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
  local bytes, at, name = 0, 1, nil
  while at <= #body do
    if byte(body, at) == QUOTE then
      local first = at + 1
      repeat
        at = at + (byte(body, at) == BACKSLASH and 2 or 1)
        local code = byte(body, at)
      until not code or code == QUOTE
      local behind = at + 1
      while IS_WHITE[byte(body, behind)] do behind = behind + 1 end
      if byte(body, behind) == COLON then
        name = body:sub(first, at - 1)
      elseif name ~= "model" then
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
