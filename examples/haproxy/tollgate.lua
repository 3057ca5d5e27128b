-- Asks Tollgate about a request, answers in its place when it is denied, and tells what it used.
local usage = require("kong.plugins.tollgate.usage")

local address = "http://127.0.0.1:7411"

-- How many reports wait at most, and go out together at most.
local WAITING, TOGETHER = 10000, 1000

-- The first value of an answer's header; empty without one.
local function header(answer, name)
  local values = answer.headers and answer.headers[name]
  return values and values[0] or ""
end

-- What an allowed request takes along, variables and the headers they come in: whose it is, where
-- the key's supplier is, and what lets requests in there.
local taken = {
  tollgate_key_id = "x-tollgate-key-id",
  tollgate_organization_id = "x-tollgate-organization-id",
  tollgate_team_id = "x-tollgate-team-id",
  tollgate_user_id = "x-tollgate-user-id",
  tollgate_reservation = "x-tollgate-reservation",
  supplier_host = "x-tollgate-upstream-host",
  supplier_authorization = "authorization",
  supplier_x_api_key = "x-api-key",
  supplier_api_key = "api-key",
}

-- All values of the client's header, so that Tollgate sees two keys where there are two.
local function values(txn, name)
  local found, all = txn.http:req_get_headers()[name] or {}, {}
  for index = 0, 8 do
    if found[index] then all[#all + 1] = found[index] end
  end
  return all
end

local function reply(txn, status, body, answer)
  local reply = txn:reply({ status = status })
  reply:add_header("content-type", "application/json")
  for _, name in ipairs({ "retry-after", "www-authenticate", "x-tollgate-reason" }) do
    local value = answer and header(answer, name) or ""
    if value ~= "" then reply:add_header(name, value) end
  end
  reply:set_body(body)
  txn:done(reply)
end

core.register_action("tollgate", { "http-req" }, function(txn)
  local headers = { ["x-real-ip"] = { txn.sf:src() } }
  for _, name in ipairs({ "authorization", "x-api-key", "api-key", "content-type" }) do
    local found = values(txn, name)
    if #found > 0 then headers[name] = found end
  end
  local body = txn.f:req_body() or ""
  local answer = core.httpclient():post({
    -- The client's path behind ours says that the body is the client's too.
    url = address .. "/authz/v1/check" .. txn.f:pathq(),
    headers = headers,
    body = body,
    timeout = 1000,
  })
  local status = answer and answer.status or 0
  if status == 200 then
    local prompt = usage.prompt(body)
    if prompt then txn:set_var("txn.tollgate_prompt", prompt) end
    for variable, name in pairs(taken) do
      local value = header(answer, name)
      if value ~= "" then txn:set_var("txn." .. variable, value) end
    end
  elseif status >= 400 and status < 500 then
    reply(txn, status, answer.body, answer)
  else
    reply(txn, 503, '{"error":{"code":"unavailable","message":"Nobody can decide now.","status":503}}')
  end
end)

-- Reports that wait. What finds no room is left out: its hold ends by its age.
local reports, first, last = {}, 1, 0

local function report(record)
  if last - first + 1 >= WAITING then return end
  last = last + 1
  reports[last] = record
end

-- Watches the answers that pass by; they wait for nothing.
local Watch = { id = "tollgate", flags = filter.FLT_CFG_FL_HTX }
Watch.__index = Watch

function Watch:new()
  return setmetatable({}, Watch)
end

function Watch:http_headers(txn, message)
  local reservation = txn:get_var("txn.tollgate_reservation") or ""
  if not message.channel:is_resp() or reservation == "" then return end
  local status = tonumber(message:get_stline().code) or 0
  -- Those before the answer itself.
  if status < 200 then return end
  self.reservation, self.status, self.reader = reservation, status, usage.reader()
  self.prompt = txn:get_var("txn.tollgate_prompt")
  -- A compressed answer tells nothing.
  self.isReadable = message:get_headers()["content-encoding"] == nil
  filter.register_data_filter(self, message.channel)
end

function Watch:http_payload(_, message)
  if self.reader and self.isReadable and message.channel:is_resp() then
    usage.read(self.reader, message:body() or "")
  end
end

-- The answer is over, or its client gone.
function Watch:end_analyze(_, channel)
  if not self.reader or not channel:is_resp() then return end
  -- Of an answer that says nothing, nothing is told: its hold ends by its age.
  local record = usage.report(self.reservation, self.reader, self.prompt, self.status)
  if record then report(record) end
  self.reader = nil
end

core.register_filter("tollgate", Watch, function(watch) return watch end)

-- Sends what waits, again and again until it is taken: the first report of a reservation counts.
core.register_task(function()
  while true do
    local count = math.min(last - first + 1, TOGETHER)
    if count > 0 then
      local answer = core.httpclient():post({
        url = address .. "/authz/v1/settle",
        headers = { ["content-type"] = { "application/json" } },
        body = "[" .. table.concat(reports, ",", first, first + count - 1) .. "]",
        timeout = 5000,
      })
      local status = answer and answer.status or 0
      if status == 200 or status == 400 then
        for index = first, first + count - 1 do reports[index] = nil end
        first = first + count
      else
        core.msleep(1000)
      end
    end
    core.msleep(20)
  end
end)
