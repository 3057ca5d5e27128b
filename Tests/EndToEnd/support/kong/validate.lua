-- Says what is wrong with the configuration of the plugin.
--
-- usage: luajit validate.lua FOLDER-OF-EXAMPLES < ENTRY
-- The input is the entry of the plugin in JSON; the output a line for each problem.
local here = arg[0]:match("^(.*)/")
package.path = here .. "/?.lua;" .. arg[1] .. "/kong/?.lua;" .. package.path
local cjson = require "cjson"
local schema = require "schema"

local plugin = cjson.decode(io.read("*a"))
for _, problem in ipairs(schema.problems(require "kong.plugins.tollgate.schema", plugin)) do
  print(problem)
end
