-- An error that the gateway itself answers with takes the shape of the service's own: RFC 9457.
local texts = {
  [400] = { "bad_request", "Requisição inválida", "Bad request" },
  [401] = { "not_authenticated", "Credenciais ausentes ou inválidas", "Credentials missing or not valid" },
  [403] = { "permission_denied", "Sem permissão", "Not allowed" },
  [404] = { "not_found", "Não encontrado", "Not found" },
  [405] = { "method_not_allowed", "Método não permitido", "Method not allowed" },
  [413] = { "too_large", "Corpo grande demais", "Body too large" },
  [414] = { "uri_too_long", "Endereço longo demais", "Address too long" },
  [417] = { "expectation_failed", "Expectativa não atendida", "Expectation failed" },
  [426] = { "https_required", "Use HTTPS", "Use HTTPS" },
  [429] = { "throttled", "Requisições demais: espere e repita", "Too many requests: wait and repeat" },
  [494] = { "headers_too_large", "Cabeçalhos grandes demais", "Headers too large" },
  [500] = { "error", "Erro no gateway", "Error of the gateway" },
  [502] = { "bad_gateway", "O serviço não respondeu ao gateway", "The service did not answer the gateway" },
  [503] = { "unavailable", "O serviço está fora do ar: repita depois", "The service is away: repeat later" },
  [504] = { "timeout", "O serviço demorou demais", "The service took too long" },
}
local status = kong.response.get_status()
local path = kong.request.get_path()
-- The token endpoint's errors have a standard of their own (RFC 6749, section 5.2).
if kong.response.get_source() ~= "service" and status >= 400
  and not string.find(path, "/oauth2/token", 1, true) then
  local text = texts[status] or texts[status >= 500 and 500 or 400]
  local language = string.lower(kong.request.get_header("accept-language") or "")
  local title = string.find(language, "^%s*en") and text[3] or text[2]
  path = string.gsub(path, '[%c"\\]', "?")
  kong.ctx.shared.problem = '{"type":"about:blank","title":"' .. title .. '","status":' .. status
    .. ',"detail":"' .. title .. '.","instance":"' .. path .. '","code":"' .. text[1] .. '"}'
  kong.response.set_header("Content-Type", "application/problem+json")
  kong.response.clear_header("Content-Length")
  if status == 503 then
    kong.response.set_header("Retry-After", "5")
  end
end
