-- Signed webhooks for wrk, each with an id of its own: wrk -s webhooks.lua URL -- RUN BODY_FILE HMAC
-- Prints one line of JSON at the end. Latencies in microseconds.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  run = args[1]
  local file = assert(io.open(args[2], "rb"))
  body = file:read("*a")
  file:close()
  sent = 0
  headers = {
    ["Content-Type"] = "application/json",
    ["X-Shopify-Topic"] = "orders/create",
    ["X-Shopify-Hmac-Sha256"] = args[3],
    ["X-Shopify-Shop-Domain"] = "mugs.myshopify.com",
    ["X-Shopify-API-Version"] = "2026-10",
    ["X-Shopify-Triggered-At"] = "2026-11-25T09:00:00.123456789Z",
  }
end

function request()
  sent = sent + 1
  local id = run .. "-" .. number .. "-" .. sent
  headers["X-Shopify-Webhook-Id"] = id
  headers["X-Shopify-Event-Id"] = id
  return wrk.format("POST", "/webhooks/shopify", headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"answered": %d, "seconds": %f, "p50": %d, "p99": %d, "most": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), latency.max,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
