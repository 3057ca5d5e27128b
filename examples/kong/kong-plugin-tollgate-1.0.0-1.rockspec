rockspec_format = "3.0"
package = "kong-plugin-tollgate"
version = "1.0.0-1"
-- Built from this directory: luarocks make
source = { url = "file://." }
description = {
  summary = "Asks Tollgate whether a request to a language model may pass, and reports what it used",
  license = "Apache-2.0",
}
dependencies = { "lua >= 5.1", "lua-resty-http >= 0.15" }
build = {
  type = "builtin",
  modules = {
    ["kong.plugins.tollgate.decision"] = "kong/plugins/tollgate/decision.lua",
    ["kong.plugins.tollgate.handler"] = "kong/plugins/tollgate/handler.lua",
    ["kong.plugins.tollgate.places"] = "kong/plugins/tollgate/places.lua",
    ["kong.plugins.tollgate.reports"] = "kong/plugins/tollgate/reports.lua",
    ["kong.plugins.tollgate.scanner"] = "kong/plugins/tollgate/scanner.lua",
    ["kong.plugins.tollgate.schema"] = "kong/plugins/tollgate/schema.lua",
    ["kong.plugins.tollgate.usage"] = "kong/plugins/tollgate/usage.lua",
  },
}
