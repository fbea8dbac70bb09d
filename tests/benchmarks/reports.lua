-- What wrk sends: a new report each time, at a place of a file. Arguments: the file, "naive" or "gridmap", and a number for this run.
local points, n, count = {}, 0, 0

function setup(thread)
  thread:set("id", count)
  count = count + 1
end

function init(args)
  which, run = args[2], tonumber(args[3])
  for line in io.lines(args[1]) do
    local lon, lat, issue = line:match("(%S+) (%S+) (%S+)")
    points[#points + 1] = {lon, lat, issue}
  end
end

function request()
  n = n + 1
  local p = points[n % #points + 1]
  local key = string.format("%08x-%04x-4000-8000-%012x", run, id, n)
  local body = string.format('"key":"%s","lon":%s,"lat":%s,"issue":"%s","text":"The drain in front of the market is blocked."', key, p[1], p[2], p[3])
  local head = {["Content-Type"] = "application/json"}
  if which == "naive" then
    return wrk.format("POST", "/report", head, "{" .. body .. "}")
  end
  return wrk.format("POST", "/api/reports", head, '{"datum":"wgs84","channel":"resident",' .. body .. "}")
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("told %d %d %.3f %.3f %d\n", summary.requests, summary.duration, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
