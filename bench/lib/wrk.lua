-- For wrk.ts: sends the requests of a file in turn, as they stand there, and counts the answers that have another status than the one named.
local requests, at, expected, threads = {}, 0, 0, {}
wrong = 0 -- global, so that `done`, which runs elsewhere, can ask for it

function setup(thread)
  threads[#threads + 1] = thread
end
function init(args)
  expected = tonumber(args[1])
  local file = assert(io.open(args[2], 'rb'))
  for text in file:read('*a'):gmatch('[^%z]+') do
    requests[#requests + 1] = text
  end
  file:close()
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function response(status)
  if status ~= expected then wrong = wrong + 1 end
end
function done(summary, latency)
  local errors = summary.errors
  local fields = {
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    threads[1]:get('wrong'), errors.connect + errors.read + errors.write + errors.timeout,
  }
  io.write('measured ' .. table.concat(fields, ' ') .. '\n')
end
