-- Reports of usage on their way to Tollgate: in batches, from a timer, again until they are taken.
--
-- One queue belongs to one worker process. Tollgate knows a report by its reservation, so that one
-- which is sent twice counts once.
local reports = {}

-- The most that wait; further ones are dropped, and their holds end by their age.
local LIMIT = 10000
-- The most in one request; Tollgate takes 1,000.
local BATCH = 500
-- Seconds: for a batch to gather, and at most between attempts.
local GATHER, LONGEST = 0.1, 30

-- A queue. `post` sends a body to `/authz/v1/settle` and returns the status of the answer, or nil
-- and what went wrong; it runs in timers.
function reports.queue(post)
  return { post = post, waiting = {}, delay = GATHER, is_due = false }
end

local flush

-- Sees to it that a timer is on its way.
local function schedule(queue)
  if queue.is_due then return end
  local is_due, problem = ngx.timer.at(queue.delay, flush, queue)
  queue.is_due = is_due and true or false
  if not is_due then ngx.log(ngx.ERR, "tollgate: no timer for reports of usage: ", problem) end
end

-- Sends one batch; false when it has to be sent again.
local function send(queue)
  local count = math.min(#queue.waiting, BATCH)
  local body = "[" .. table.concat(queue.waiting, ",", 1, count) .. "]"
  local is_sent, status, problem = pcall(queue.post, body)
  if not is_sent then status, problem = nil, status end
  if not status or status >= 500 then
    ngx.log(ngx.WARN, "tollgate: reports of usage wait: ", problem or status)
    return false
  end
  if status ~= 200 then
    ngx.log(ngx.ERR, "tollgate: ", count, " reports of usage were refused with ", status)
  end
  local rest = {}
  for place = count + 1, #queue.waiting do rest[#rest + 1] = queue.waiting[place] end
  queue.waiting = rest
  return true
end

-- Sends what waits. A worker that is about to end (`premature`) tries once.
flush = function(premature, queue)
  while #queue.waiting > 0 do
    if not send(queue) then
      queue.delay = math.min(math.max(queue.delay, 0.5) * 2, LONGEST)
      break
    end
    queue.delay = GATHER
  end
  queue.is_due = false
  if #queue.waiting > 0 and not premature then schedule(queue) end
end

-- Adds a report, in JSON.
function reports.add(queue, report)
  if #queue.waiting >= LIMIT then
    ngx.log(ngx.ERR, "tollgate: too many reports of usage wait; one was dropped")
    return
  end
  queue.waiting[#queue.waiting + 1] = report
  schedule(queue)
end

return reports
