-- Reads answers with the reader of the examples, cut into pieces in every way.
--
-- usage: luajit read.lua FOLDER-OF-EXAMPLES < ANSWERS
-- Each line of the input is an answer in hexadecimal digits; each line of the output is what it says,
-- all that it says if that depends on how it is cut.
package.path = arg[1] .. "/kong/?.lua;" .. package.path
local usage = require "kong.plugins.tollgate.usage"

local function describe(pieces)
  local reader = usage.reader()
  for _, piece in ipairs(pieces) do usage.read(reader, piece) end
  local result = usage.result(reader)
  if not result then return "" end
  local words = { ("cached=%.0f"):format(result.cached) }
  if result.input then words[#words + 1] = ("input=%.0f"):format(result.input) end
  if (reader.model or "") ~= "" then words[#words + 1] = "model=" .. reader.model end
  words[#words + 1] = ("output=%.0f"):format(result.output)
  return table.concat(words, " ")
end

for line in io.lines() do
  local body = line:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end)
  local seen, found = {}, {}
  local function note(pieces)
    local text = describe(pieces)
    if not seen[text] then found[#found + 1] = text end
    seen[text] = true
  end
  local bytes = {}
  for place = 1, #body do
    bytes[place] = body:sub(place, place)
    note({ body:sub(1, place), body:sub(place + 1) })
  end
  note(bytes)
  print(table.concat(found, " | "))
end
