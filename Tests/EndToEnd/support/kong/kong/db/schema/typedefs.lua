-- The types that Kong has ready for schemas, as far as they are used here.
local typedefs = {}

-- A type that a schema may add attributes to, by calling it.
local function define(attributes)
  return setmetatable(attributes, {
    __call = function(_, more)
      local both = {}
      for name, value in pairs(attributes) do both[name] = value end
      for name, value in pairs(more) do both[name] = value end
      return both
    end,
  })
end

typedefs.no_consumer = define { type = "foreign", reference = "consumers", eq = ngx and ngx.null or "null" }

typedefs.protocols_http = define {
  type = "set",
  required = true,
  default = { "grpc", "grpcs", "http", "https" },
  elements = { type = "string", one_of = { "grpc", "grpcs", "http", "https" } },
}

typedefs.url = define {
  type = "string",
  custom_validator = function(url)
    if not url:find("^%a[%w+.-]*://") then return nil, "missing scheme in url" end
    if not url:find("^%a[%w+.-]*://[^/:]+") then return nil, "missing host in url" end
    return true
  end,
}

return setmetatable(typedefs, {
  __index = function(_, name) error("schema typedef error: definition " .. name .. " does not exist") end,
})
