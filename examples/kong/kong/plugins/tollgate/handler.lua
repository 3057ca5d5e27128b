-- Asks Tollgate about requests, obeys, and reports what they really used.
--
-- Without metatables, so that Kong's sandbox runs it too: see `prefunction.yml`.
local http = require "resty.http"
local decision = require "kong.plugins.tollgate.decision"
local reports = require "kong.plugins.tollgate.reports"
local usage = require "kong.plugins.tollgate.usage"

local kong, ngx = kong, ngx

-- Behind the plugins that authenticate, before those that count or change requests.
local Tollgate = { PRIORITY = 1005, VERSION = "1.0.0" }

-- The longest body that Tollgate takes.
local LONGEST_BODY = 1048576

-- What the client's request and the route tell; nothing else of the client's reaches Tollgate.
local ASKED_WITH = {
  "authorization", "x-api-key", "api-key", "content-type", "user-agent", "traceparent",
}
-- What the service behind must not see, or not from the client.
local CLEARED = {
  "authorization", "x-api-key", "api-key", "accept-encoding", "x-original-uri",
  "x-original-content-length", "x-forwarded-uri", "x-tollgate-region", "x-tollgate-provider",
  "x-tollgate-supplier", "x-tollgate-model", "x-tollgate-action", "x-tollgate-tokens",
  "x-tollgate-deny-status", "x-tollgate-organization-id", "x-tollgate-team-id",
  "x-tollgate-user-id",
}

-- Posts JSON to Tollgate, on a connection that is kept.
local function post(config, path, headers, body)
  local client = http.new()
  client:set_timeouts(config.timeout, config.timeout, config.timeout)
  headers["content-type"] = headers["content-type"] or "application/json"
  return client:request_uri(config.endpoint:gsub("/+$", "") .. path, {
    method = "POST",
    headers = headers,
    body = body,
    ssl_verify = config.ssl_verify,
    keepalive_timeout = config.keepalive_timeout,
    keepalive_pool = config.keepalive_pool,
  })
end

-- The queues of reports, by where they go.
local queues = {}

local function queue(config)
  local queue = queues[config.endpoint]
  if not queue then
    queue = reports.queue(function(body)
      local answer, problem = post(queue.config, "/authz/v1/settle", {}, body)
      return answer and answer.status, problem
    end)
    queues[config.endpoint] = queue
  end
  -- Kong makes a new table when a configuration changes: the last one counts.
  queue.config = config
  return queue
end

-- The client's body; nil when it is longer than Tollgate takes.
local function whole_body()
  local body = kong.request.get_raw_body()
  if body then return #body <= LONGEST_BODY and body or nil end
  -- Longer than nginx's buffer: it lies in a file, which Kong's sandbox may not open.
  local file = ngx.req.get_body_file()
  local stream = file and io and io.open and io.open(file, "rb")
  if not stream then return nil end
  body = stream:read(LONGEST_BODY + 1)
  stream:close()
  return body and #body <= LONGEST_BODY and body or nil
end

local function ask(config, body)
  local headers = {
    ["x-real-ip"] = kong.client.get_forwarded_ip(),
    ["x-request-id"] = ngx.var.request_id,
    ["x-tollgate-region"] = config.region,
    ["x-tollgate-provider"] = config.provider,
    ["x-tollgate-supplier"] = config.supplier,
  }
  local sent = kong.request.get_headers(1000)
  -- Two keys stay two, so that Tollgate sees them.
  for _, name in ipairs(ASKED_WITH) do headers[name] = sent[name] end
  -- The client's path behind ours says that the body is the client's too.
  return post(config, "/authz/v1/check" .. kong.request.get_path_with_query(), headers, body)
end

local function refuse(decided)
  return kong.response.exit(decided.status, decided.body, decided.headers)
end

function Tollgate:access(config)
  local body = whole_body()
  if not body then return refuse(decision.too_long()) end
  local answer, problem = ask(config, body)
  local decided = decision.read(answer)
  if not decided.reservation then
    if decided.status == 503 then kong.log.err("no decision: ", problem or answer.status) end
    return refuse(decided)
  end
  for _, name in ipairs(CLEARED) do kong.service.request.clear_header(name) end
  for _, headers in ipairs({ decided.credentials, decided.names }) do
    for name, value in pairs(headers) do kong.service.request.set_header(name, value) end
  end
  if decided.host then kong.service.request.set_header("host", decided.host) end
  kong.service.request.set_header("x-tollgate-reservation", decided.reservation)
  local request = kong.ctx.plugin
  request.decided, request.reader, request.prompt = decided, usage.reader(), usage.prompt(body)
end

-- Tells the client what is left of its limits.
function Tollgate:header_filter()
  local decided = kong.ctx.plugin.decided
  if decided then kong.response.set_headers(decided.limits) end
end

-- Reads an answer as it passes by; nothing waits for it.
function Tollgate:body_filter()
  local request = kong.ctx.plugin
  if request.reader and ngx.arg[1] then usage.read(request.reader, ngx.arg[1]) end
end

-- The request is over, whoever has ended it.
function Tollgate:log(config)
  local request = kong.ctx.plugin
  if not request.reader then return end
  local reservation = request.decided.reservation
  local report = usage.report(reservation, request.reader, request.prompt, ngx.status)
  if report then reports.add(queue(config), report) end
end

return Tollgate
