-- Stands in for Kong in Debian's nginx: its plugin development kit, as far as it is used here, and
-- the phases in which plugins run. What Kong documents as an error is one.
--
-- Source: https://developer.konghq.com/gateway/pdk/reference/
local cjson = require "cjson"
local schema = require "schema"

local standin = {}
local plugins = {}

-- Refuses names that are not there, so that no plugin uses what this does not have.
local function strict(name, members)
  return setmetatable(members, {
    __index = function(_, member) error(name .. "." .. tostring(member) .. " is not stood in for", 2) end,
  })
end

-- A function that may be called in some phases only.
local function within(phases, run)
  return function(...)
    local phase = ngx.ctx.KONG_PHASE or error("no phase in ngx.ctx.KONG_PHASE")
    if not phases:find(phase, 1, true) then
      error(("function cannot be called in %s phase (only in: %s)"):format(phase, phases))
    end
    return run(...)
  end
end

local ANY = "rewrite, access, header_filter, response, body_filter, log, admin_api"
local BODY = "rewrite, access, response, admin_api"
local CHANGE = "rewrite, access"
local ANSWER = "rewrite, access, header_filter, response, admin_api"
local EXIT = "preread, rewrite, access, admin_api, header_filter"

local function check_header(name, value)
  if type(name) ~= "string" then error("invalid header name: got " .. type(name)) end
  local kind = type(value)
  if kind == "table" then
    for _, each in ipairs(value) do check_header(name, each) end
  elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
    error(("invalid header value for %q: got %s"):format(name, kind))
  end
end

local function raw_body()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if body then return body end
  if not ngx.req.get_body_file() then return "" end
  return nil, "request body did not fit into client body buffer, consider raising 'client_body_buffer_size'"
end

local function exit(status, body, headers)
  if ngx.headers_sent then error("headers have already been sent") end
  if type(status) ~= "number" or status < 100 or status > 599 then error("code must be a number") end
  if body ~= nil and type(body) ~= "string" and type(body) ~= "table" then
    error("body must be a nil, string or table")
  end
  for name, value in pairs(headers or {}) do check_header(name, value) end
  ngx.status = status
  if type(body) == "table" then
    body = cjson.encode(body)
    ngx.header["content-type"] = "application/json; charset=utf-8"
  end
  for name, value in pairs(headers or {}) do ngx.header[name] = value end
  ngx.header["content-length"] = body and #body or 0
  if body then ngx.print(body) end
  return ngx.exit(status)
end

local function log(level)
  return function(...)
    local words = { ... }
    for place = 1, select("#", ...) do words[place] = tostring(words[place]) end
    ngx.log(level, "[", ngx.ctx.KONG_PLUGIN or "kong", "] ", table.concat(words))
  end
end

-- Tables that live as long as the request: one for each plugin, and one for all.
local function context()
  return setmetatable({}, {
    __index = function(_, name)
      if name ~= "plugin" and name ~= "shared" then return nil end
      local place = name == "shared" and "shared" or ngx.ctx.KONG_PLUGIN
      ngx.ctx.KONG_TABLES = ngx.ctx.KONG_TABLES or {}
      ngx.ctx.KONG_TABLES[place] = ngx.ctx.KONG_TABLES[place] or {}
      return ngx.ctx.KONG_TABLES[place]
    end,
  })
end

local function kit()
  return strict("kong", {
    ctx = context(),
    client = strict("kong.client", {
      get_ip = within(ANY, function() return ngx.var.realip_remote_addr or ngx.var.remote_addr end),
      get_forwarded_ip = within(ANY, function() return ngx.var.remote_addr end),
    }),
    log = strict("kong.log", {
      err = log(ngx.ERR), warn = log(ngx.WARN), notice = log(ngx.NOTICE), info = log(ngx.INFO),
      debug = log(ngx.DEBUG),
    }),
    request = strict("kong.request", {
      get_header = within(ANY, function(name) return ngx.var["http_" .. name:gsub("-", "_")] end),
      get_headers = within(ANY, function(most)
        if most and (most < 1 or most > 1000) then error("max_headers must be <= 1000") end
        return ngx.req.get_headers(most or 100)
      end),
      get_path_with_query = within(ANY, function() return ngx.var.request_uri end),
      get_raw_body = within(BODY, raw_body),
    }),
    response = strict("kong.response", {
      exit = within(EXIT, exit),
      set_headers = within(ANSWER, function(headers)
        if type(headers) ~= "table" then error("headers must be a table") end
        for name, value in pairs(headers) do check_header(name, value) end
        for name, value in pairs(headers) do ngx.header[name] = value end
      end),
    }),
    service = strict("kong.service", {
      request = strict("kong.service.request", {
        clear_header = within(CHANGE, function(name)
          if type(name) ~= "string" then error("header must be a string") end
          ngx.req.clear_header(name)
        end),
        set_header = within(CHANGE, function(name, value)
          check_header(name, value)
          -- Kong sends the host of the service unless a plugin says another.
          if name:lower() == "host" then ngx.var.upstream_host = value end
          ngx.req.set_header(name, value)
        end),
      }),
    }),
  })
end

-- Loads the plugins of a declarative configuration, which has one service.
function standin.init(file)
  local stream = assert(io.open(file))
  local service = cjson.decode(stream:read("*a")).services[1]
  stream:close()
  kong = kit()
  -- Kong brings lua-resty-http along; here it is what the examples have instead.
  package.preload["resty.http"] = function() return require "tollgate_http" end
  for _, plugin in ipairs(service.plugins) do
    local is_own = plugin.name == "pre-function"
    local handler = require(is_own and "sandbox" or "kong.plugins." .. plugin.name .. ".handler")
    local definition = is_own and handler.schema or require("kong.plugins." .. plugin.name .. ".schema")
    local problems = schema.problems(definition, plugin)
    if #problems > 0 then error(table.concat(problems, "; ")) end
    assert(tonumber(handler.PRIORITY), "a plugin without a priority")
    plugins[#plugins + 1] = { name = plugin.name, handler = handler, config = plugin.config }
  end
end

-- Runs a phase of all plugins.
function standin.run(phase)
  ngx.ctx.KONG_PHASE = phase
  for _, plugin in ipairs(plugins) do
    ngx.ctx.KONG_PLUGIN = plugin.name
    local run = plugin.handler[phase]
    if run then run(plugin.handler, plugin.config) end
  end
end

return standin
