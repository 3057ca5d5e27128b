-- The configuration of the plugin.
local typedefs = require "kong.db.schema.typedefs"

local function number(default, most)
  return { type = "integer", required = true, default = default, between = { 1, most } }
end

return {
  name = "tollgate",
  fields = {
    { consumer = typedefs.no_consumer },
    { protocols = typedefs.protocols_http },
    {
      config = {
        type = "record",
        fields = {
          -- Tollgate's rpc listener, without a path.
          { endpoint = typedefs.url { required = true, default = "http://127.0.0.1:7411" } },
          { ssl_verify = { type = "boolean", required = true, default = true } },
          -- Milliseconds: for connecting, for sending and for each part of an answer.
          { timeout = number(1000, 60000) },
          -- Connections kept by each worker process, and for how many milliseconds.
          { keepalive_pool = number(64, 1024) },
          { keepalive_timeout = number(60000, 240000) },
          -- What is known of the route; wins over anything that the client says.
          { region = { type = "string", len_min = 1 } },
          { provider = { type = "string", len_min = 1 } },
          { supplier = { type = "string", len_min = 1 } },
        },
      },
    },
  },
}
