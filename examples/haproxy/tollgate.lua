-- Asks Tollgate about a request, and answers in its place when it is denied.
local address = "http://127.0.0.1:7411"

-- The first value of an answer's header; empty without one.
local function header(answer, name)
  local values = answer.headers and answer.headers[name]
  return values and values[0] or ""
end

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
  local answer = core.httpclient():post({
    -- The client's path behind ours says that the body is the client's too.
    url = address .. "/authz/v1/check" .. txn.f:pathq(),
    headers = headers,
    body = txn.f:req_body() or "",
    timeout = 1000,
  })
  local status = answer and answer.status or 0
  if status == 200 then
    txn:set_var("txn.tollgate_key_id", header(answer, "x-tollgate-key-id"))
    txn:set_var("txn.tollgate_reservation", header(answer, "x-tollgate-reservation"))
  elseif status >= 400 and status < 500 then
    reply(txn, status, answer.body, answer)
  else
    reply(txn, 503, '{"error":{"code":"unavailable","message":"Nobody can decide now.","status":503}}')
  end
end)
