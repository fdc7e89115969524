-- What wrk sends: the bodies of a file, one a line, in turn, each behind the address that it comes from; and what it found, as one line
-- of JSON with the whole histogram.
--   wrk .. -s load.lua URL -- BODIES [TOKEN]
local requests, at = {}, 0

function init(args)
    local headers = { ["Content-Type"] = "application/json", ["Accept"] = "application/graphql-response+json" }
    if args[2] then headers["Authorization"] = "Bearer " .. args[2] end
    for line in io.lines(args[1]) do
        local address, body = line:match("^(%S+) (.*)$")
        headers["X-Forwarded-For"] = address
        requests[#requests + 1] = wrk.format("POST", "/graphql", headers, body)
    end
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    local times = {}
    for place = 1, #latency do
        local value, count = latency(place)
        times[#times + 1] = string.format("[%d,%d]", value, count)
    end
    local errors = summary.errors
    io.write(string.format(
        'FOUND {"requests":%d,"seconds":%.6f,"bytes":%d,"errors":%d,"times":[%s]}\n',
        summary.requests, summary.duration / 1e6, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout, table.concat(times, ",")))
end
