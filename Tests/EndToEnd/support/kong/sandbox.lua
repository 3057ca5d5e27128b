-- Kong's own pre-function plugin: runs text of a configuration, with what its sandbox has.
local NAMES = [[
  _VERSION assert error ipairs next pairs pcall select tonumber tostring type unpack xpcall
  coroutine.create coroutine.resume coroutine.running coroutine.status coroutine.wrap
  coroutine.yield math.abs math.ceil math.exp math.floor math.fmod math.huge math.log math.max
  math.min math.modf math.pow math.random math.sqrt os.clock os.date os.difftime os.time
  string.byte string.char string.find string.format string.gmatch string.gsub string.len
  string.lower string.match string.rep string.reverse string.sub string.upper table.concat
  table.insert table.maxn table.remove table.sort
]]

local function environment()
  local names = { kong = kong, ngx = ngx }
  for library, name in NAMES:gmatch("(%w+)%.(%w+)") do
    names[library] = names[library] or {}
    names[library][name] = _G[library][name]
  end
  for name in NAMES:gmatch("%f[%S][%w_]+%f[%s]") do names[name] = _G[name] end
  names._G = names
  names.require = function(name) error("require '" .. name .. "' not allowed within sandbox") end
  return names
end

-- A text for a phase: what it returns, if that is a function, is what runs from then on.
local function compile(text)
  local run = assert(load(text, "pre-function", "t", environment()))
  local is_first = true
  return function()
    if not is_first then return run() end
    is_first = false
    local result = run()
    if type(result) == "function" then
      run = result
      run()
    end
  end
end

local texts = { type = "array", required = true, default = {}, elements = { type = "string" } }
local plugin = {
  PRIORITY = 1000000,
  schema = { name = "pre-function", fields = { { config = { type = "record", fields = {} } } } },
}
local compiled = {}

for _, phase in ipairs({ "access", "header_filter", "body_filter", "log" }) do
  table.insert(plugin.schema.fields[1].config.fields, { [phase] = texts })
  plugin[phase] = function(_, config)
    compiled[config] = compiled[config] or {}
    local functions = compiled[config]
    if not functions[phase] then
      functions[phase] = {}
      for place, text in ipairs(config[phase]) do functions[phase][place] = compile(text) end
    end
    for _, run in ipairs(functions[phase]) do run() end
  end
end

return plugin
