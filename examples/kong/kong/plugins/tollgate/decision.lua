-- What Tollgate's answer to a question means, whoever has asked.
local decision = {}

-- The headers that a supplier's credential may be in; a client's never reaches a provider in them.
local CREDENTIALS = { "authorization", "x-api-key", "api-key" }

-- The headers that say whose an allowed request is: a key may belong to none of these groups.
local NAMES = {
  "x-tollgate-key-id", "x-tollgate-organization-id", "x-tollgate-team-id", "x-tollgate-user-id",
}

local ERROR = '{"error":{"code":"%s","message":"%s","status":%d}}'

local function refusal(status, code, message)
  return {
    status = status,
    headers = { ["content-type"] = "application/json" },
    body = ERROR:format(code, message, status),
  }
end

-- The headers of these names that are there.
local function those(names, headers)
  local found = {}
  for _, name in ipairs(names) do found[name] = headers[name] end
  return found
end

-- What a request is told whose body cannot be shown to Tollgate whole.
function decision.too_long()
  return refusal(413, "content_too_large", "The body is too long.")
end

-- Reads an answer, `{ status, headers, body }`; nil when there is none.
--
-- Returns `{ reservation, names, limits, credentials, host }` for a request that may pass, `names`
-- being headers that say whose it is, `limits` those for its client, `credentials` those that let
-- it in at the key's supplier, and `host` where that is, nil without one; otherwise
-- `{ status, headers, body }`, with which to answer the client. What is no decision lets nothing
-- pass.
function decision.read(answer)
  if not answer then return refusal(503, "unavailable", "Nobody can decide now.") end
  local told, limits = {}, {}
  for name, value in pairs(answer.headers) do
    name = name:lower()
    told[name] = value
    if name:find("^x%-ratelimit%-") then limits[name] = value end
  end
  if answer.status == 200 and told["x-tollgate-reservation"] then
    return {
      credentials = those(CREDENTIALS, told),
      names = those(NAMES, told),
      host = told["x-tollgate-upstream-host"],
      reservation = told["x-tollgate-reservation"],
      limits = limits,
    }
  end
  -- Every denial says its reason, and nothing else does.
  if answer.status < 400 or not told["x-tollgate-reason"] then return decision.read(nil) end
  local headers = limits
  headers["content-type"] = "application/json"
  for _, name in ipairs({ "retry-after", "www-authenticate", "x-tollgate-reason" }) do
    headers[name] = told[name]
  end
  return { status = answer.status, headers = headers, body = answer.body }
end

return decision
