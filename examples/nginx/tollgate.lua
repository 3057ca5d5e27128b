-- Asks Tollgate about requests, obeys, and reports what they really used.
local decision = require "kong.plugins.tollgate.decision"
local http = require "tollgate_http"
local reports = require "kong.plugins.tollgate.reports"
local usage = require "kong.plugins.tollgate.usage"

local tollgate = {}

local queue = reports.queue(function(body)
  local client = http.new()
  client:set_timeouts(250, 1000, 1000)
  local answer, problem = client:request_uri("http://127.0.0.1:7411/authz/v1/settle", {
    method = "POST",
    headers = { ["content-type"] = "application/json" },
    body = body,
    keepalive_timeout = 60000,
    keepalive_pool = 4,
  })
  return answer and answer.status, problem
end)

local function set_headers(headers)
  for name, value in pairs(headers) do ngx.header[name] = value end
end

local function refuse(decided)
  ngx.status = decided.status
  set_headers(decided.headers)
  ngx.header["content-length"] = #decided.body
  ngx.print(decided.body)
  return ngx.exit(ngx.HTTP_OK)
end

-- `access_by_lua`: lets pass what Tollgate allows, and answers everything else.
function tollgate.access()
  ngx.req.read_body()
  local body = ngx.req.get_body_data()
  if not body and ngx.req.get_body_file() then return refuse(decision.too_long()) end
  body = body or ""
  -- The location asks with the client's path behind ours.
  local answer = ngx.location.capture("/_tollgate", { method = ngx.HTTP_POST, body = body })
  local decided = decision.read(not answer.truncated and {
    status = answer.status, headers = answer.header, body = answer.body,
  } or nil)
  if not decided.reservation then return refuse(decided) end
  for name, value in pairs(decided.credentials) do
    ngx.var["supplier_" .. name:gsub("-", "_")] = value
  end
  if decided.host then ngx.var.provider_host = decided.host end
  for name, value in pairs(decided.names) do
    ngx.var[name:gsub("^x%-", ""):gsub("-", "_")] = value
  end
  ngx.var.tollgate_reservation = decided.reservation
  ngx.ctx.tollgate = { decided = decided, reader = usage.reader(), prompt = usage.prompt(body) }
end

-- `header_filter_by_lua`: tells the client what is left of its limits.
function tollgate.header_filter()
  local request = ngx.ctx.tollgate
  if request then set_headers(request.decided.limits) end
end

-- `body_filter_by_lua`: reads an answer as it passes by; nothing waits for it.
function tollgate.body_filter()
  local request = ngx.ctx.tollgate
  if request then usage.read(request.reader, ngx.arg[1]) end
end

-- `log_by_lua`: the request is over, whoever has ended it.
function tollgate.log()
  local request = ngx.ctx.tollgate
  if not request then return end
  local reservation = request.decided.reservation
  local report = usage.report(reservation, request.reader, request.prompt, ngx.status)
  if report then reports.add(queue, report) end
end

return tollgate
