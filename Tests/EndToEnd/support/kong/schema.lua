-- Checks configurations of plugins by their schemas, and schemas by what Kong knows.
local schema = {}

-- The attributes that a field of a type may have, beside those of every field.
local ATTRIBUTES = {
  string = { len_min = true, one_of = true },
  integer = { between = true },
  boolean = {},
  record = { fields = true },
  array = { elements = true },
  set = { elements = true },
  foreign = { reference = true, eq = true },
}
local COMMON = { type = true, required = true, default = true, custom_validator = true }

-- Whether a value from outside has a type.
local HAS_TYPE = {
  string = function(value) return type(value) == "string" end,
  integer = function(value) return type(value) == "number" and value % 1 == 0 end,
  boolean = function(value) return type(value) == "boolean" end,
  record = function(value) return type(value) == "table" end,
  array = function(value) return type(value) == "table" end,
  set = function(value) return type(value) == "table" end,
}

local function one_of(choices, value)
  for _, choice in ipairs(choices) do
    if choice == value then return true end
  end
  return false
end

-- What is wrong with the definition of a field; nothing when it is right.
local function check_definition(path, field)
  local known = ATTRIBUTES[field.type] or error(path .. ": unknown type " .. tostring(field.type))
  for name in pairs(field) do
    if not COMMON[name] and not known[name] then error(path .. ": unknown attribute " .. name) end
  end
  if field.elements then check_definition(path .. "[]", field.elements) end
  for _, entry in ipairs(field.fields or {}) do
    local name, inner = next(entry)
    if next(entry, name) then error(path .. ": a field of two names") end
    check_definition(path .. "." .. name, inner)
  end
end

local check

local function check_record(path, fields, values, problems)
  local known = {}
  for _, entry in ipairs(fields) do
    local name, field = next(entry)
    known[name] = true
    if values[name] == nil then values[name] = field.default end
    if values[name] == nil and field.type == "record" then values[name] = {} end
    check(path .. name, field, values[name], problems)
  end
  for name in pairs(values) do
    if not known[name] then problems[#problems + 1] = path .. name .. ": unknown field" end
  end
end

check = function(path, field, value, problems)
  local function note(text) problems[#problems + 1] = path .. ": " .. text end
  if field.type == "foreign" then
    if value ~= nil and value ~= field.eq then note("value must be null") end
    return
  end
  if value == nil then
    if field.required then note("required field missing") end
    return
  end
  if not HAS_TYPE[field.type](value) then return note("expected a " .. field.type) end
  if field.type == "record" then return check_record(path .. ".", field.fields, value, problems) end
  for _, element in ipairs(field.elements and value or {}) do
    check(path .. "[]", field.elements, element, problems)
  end
  if field.one_of and not one_of(field.one_of, value) then note("not one of what it may be") end
  if field.len_min and #value < field.len_min then note("length must be at least " .. field.len_min) end
  if field.between and (value < field.between[1] or value > field.between[2]) then
    note(("value should be between %d and %d"):format(field.between[1], field.between[2]))
  end
  if field.custom_validator then
    local is_right, problem = field.custom_validator(value)
    if not is_right then note(problem) end
  end
end

-- What is wrong with a plugin's entry in a configuration; fills in what is left out.
--
-- Raises an error when the schema itself is one that Kong does not take.
function schema.problems(definition, plugin)
  for _, entry in ipairs(definition.fields) do check_definition(next(entry)) end
  local problems, entity = {}, { config = plugin.config, protocols = plugin.protocols }
  if definition.name ~= plugin.name then problems[1] = "name: not that of the schema" end
  check_record("", definition.fields, entity, problems)
  plugin.config, plugin.protocols = entity.config, entity.protocols
  table.sort(problems)
  return problems
end

return schema
