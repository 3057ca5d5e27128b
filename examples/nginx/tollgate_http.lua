-- The part of lua-resty-http that Tollgate's modules use, for plain HTTP/1.1: where that library is
-- not at hand, as with Debian's nginx or in Kong's sandbox. Without `require` and metatables.
local http = {}

-- Reads the answer on a connection; nil and what went wrong otherwise.
local function receive(socket)
  local line, problem = socket:receive("*l")
  if not line then return nil, problem end
  local status = line:match("^HTTP/1%.1 (%d%d%d)")
  if not status then return nil, "no HTTP/1.1" end
  local headers = {}
  repeat
    line, problem = socket:receive("*l")
    if not line then return nil, problem end
    local name, value = line:match("^([^:]+):%s*(.-)%s*$")
    if name then headers[name:lower()] = value end
  until line == ""
  local length = tonumber(headers["content-length"])
  if not length then return nil, "an answer without a length" end
  local body = ""
  if length > 0 then
    body, problem = socket:receive(length)
    if not body then return nil, problem end
  end
  return { status = tonumber(status), headers = headers, body = body }
end

-- The head of a request; a header with several values takes several lines.
local function head(host, path, options)
  local lines = { options.method .. " " .. path .. " HTTP/1.1", "host: " .. host }
  for name, values in pairs(options.headers) do
    for _, value in ipairs(type(values) == "table" and values or { values }) do
      lines[#lines + 1] = name .. ": " .. value
    end
  end
  lines[#lines + 1] = "content-length: " .. #options.body .. "\r\n\r\n"
  return table.concat(lines, "\r\n")
end

local function set_timeouts(self, connect, send, read)
  self.timeouts = { connect, send, read }
end

-- Sends one request, and keeps the connection.
--
-- - options: `method`, `headers`, `body`, `keepalive_timeout`, `keepalive_pool`.
-- Returns `{ status, headers, body }`, the names of headers in small letters; or nil and what went
-- wrong.
local function request_uri(self, uri, options)
  local host, port, path = uri:match("^http://([%w.-]+):(%d+)(/.*)$")
  if not host then return nil, "no http://HOST:PORT/PATH: " .. uri end
  local socket = ngx.socket.tcp()
  socket:settimeouts(self.timeouts[1], self.timeouts[2], self.timeouts[3])
  local pool = { pool_size = options.keepalive_pool }
  local is_open, problem = socket:connect(host, tonumber(port), pool)
  if not is_open then return nil, problem end
  local answer, is_sent
  is_sent, problem = socket:send({ head(host, path, options), options.body })
  if is_sent then answer, problem = receive(socket) end
  if answer and answer.headers.connection ~= "close" then
    socket:setkeepalive(options.keepalive_timeout, options.keepalive_pool)
  else
    socket:close()
  end
  return answer, problem
end

function http.new()
  return { timeouts = {}, set_timeouts = set_timeouts, request_uri = request_uri }
end

return http
