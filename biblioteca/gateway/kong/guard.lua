-- Before every other plugin: what only the gateway may say is taken away from the client, in every
-- spelling; and the client of a token is noted, for limits of its own (all clients of an issuer
-- are one consumer).
local protected = {
  ["authorization"] = true, ["x-request-id"] = true, ["x-real-ip"] = true, ["forwarded"] = true,
}
local only_from_gateway = {
  "X-Gateway-Secret", "X-Gateway-Client", "X-Consumer-ID", "X-Consumer-Username",
  "X-Consumer-Custom-ID", "X-Consumer-Groups", "X-Credential-Identifier", "X-Credential-Username",
  "X-Anonymous-Consumer", "X-Authenticated-Scope", "X-Authenticated-Userid",
  "X-Authenticated-Groups", "Forwarded",
}
for _, name in ipairs(only_from_gateway) do
  kong.service.request.clear_header(name)
end
local function is_identity(name)
  return name == "x-anonymous-consumer"
    or string.find(name, "^x%-gateway%-") ~= nil
    or string.find(name, "^x%-consumer%-") ~= nil
    or string.find(name, "^x%-credential%-") ~= nil
    or string.find(name, "^x%-authenticated%-") ~= nil
end
local headers = kong.request.get_headers(1000)
local count = 0
for name, value in pairs(headers) do
  count = count + (type(value) == "table" and #value or 1)
  local plain = string.gsub(string.lower(name), "_", "-")
  if is_identity(plain) or (name ~= plain and protected[plain]) then
    kong.service.request.clear_header(name)
  end
end
if count >= 1000 then
  return kong.response.exit(400, { message = "Too many headers" })
end
-- Kong removes what Connection names after its plugins ran: the secret would not arrive.
local connection = headers["connection"]
if type(connection) ~= "table" then
  connection = { connection }
end
for _, line in ipairs(connection) do
  for word in string.gmatch(string.lower(line), "[^,%s]+") do
    local plain = string.gsub(word, "_", "-")
    if is_identity(plain) or protected[plain] or string.find(plain, "^x%-forwarded%-") then
      return kong.response.exit(400, { message = "Connection names a header of the gateway" })
    end
  end
end
local authorization = headers["authorization"]
if type(authorization) == "string" then
  local payload = string.match(authorization, "^[Bb]earer +[^.]+%.([^.]+)%.")
  if payload then
    payload = string.gsub(string.gsub(payload, "-", "+"), "_", "/")
    payload = payload .. string.sub("===", 1, (4 - #payload % 4) % 4)
    -- A sandbox without it leaves the limits by address.
    local claims = ngx and ngx.decode_base64 and ngx.decode_base64(payload)
    local client = claims and (
      string.match(claims, '"azp"%s*:%s*"([%w@._|:/+-]+)"')
      or string.match(claims, '"client_id"%s*:%s*"([%w@._|:/+-]+)"')
      or string.match(claims, '"sub"%s*:%s*"([%w@._|:/+-]+)"'))
    if client then
      kong.service.request.set_header("X-Gateway-Client", client)
    end
  end
end
