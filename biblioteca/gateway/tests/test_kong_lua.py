"""The gateway's Lua, run by LuaJIT's language version with the parts of Kong that it uses."""

import base64
import json

import pytest
from lupa.lua51 import LuaRuntime

from biblioteca.gateway.evidence import IDENTITY
from biblioteca.gateway.kong.rendering import lua

KONG = """
kong = { request = {}, service = { request = {} }, response = {}, ctx = { shared = {} } }
ngx = { decode_base64 = function(text) return python_decode(text) end }
function run(code)
  local chunk = assert(loadstring(code))
  -- What Kong's sandbox leaves to such functions.
  setfenv(chunk, { kong = kong, ngx = ngx, string = string, pairs = pairs, ipairs = ipairs,
    type = type, tostring = tostring, table = table })
  return chunk()
end
"""


class Gateway:
    """As much of Kong's plugin kit as our functions use."""

    def __init__(self, headers=(), path="/obras/", status=200, source="service"):
        self.lua = LuaRuntime(unpack_returned_tuples=True)
        self.headers = {}
        for name, value in headers:
            self.headers.setdefault(name.lower(), []).append(value)
        self.exit = None
        self.response = {"content-length": "9", "content-type": "application/json"}
        self.body = '{"message":"no"}'
        self.lua.globals().python_decode = self.decode
        self.lua.execute(KONG)
        kong = self.lua.globals().kong
        kong.request.get_headers = self.get_headers
        kong.request.get_header = lambda name: (self.headers.get(name.lower()) or [None])[0]
        kong.request.get_path = lambda: path
        kong.service.request.clear_header = lambda name: self.headers.pop(name.lower(), None)
        kong.service.request.set_header = self.set_header
        kong.response.exit = self.leave
        kong.response.get_status = lambda: status
        kong.response.get_source = lambda: source
        kong.response.set_header = lambda name, value: self.response.update({name.lower(): value})
        kong.response.clear_header = lambda name: self.response.pop(name.lower(), None)
        kong.response.get_raw_body = lambda: self.body
        kong.response.set_raw_body = lambda body: setattr(self, "body", body)

    @staticmethod
    def decode(text):
        try:
            return base64.b64decode(text, validate=True).decode("latin-1")
        except ValueError:
            return None

    def get_headers(self, most):
        plain = {
            name: values[0] if len(values) == 1 else self.lua.table_from(values)
            for name, values in list(self.headers.items())[:most]
        }
        return self.lua.table_from(plain)

    def set_header(self, name, value):
        self.headers[name.lower()] = [value]

    def leave(self, status, _body):
        self.exit = status

    def run(self, *names):
        for name in names:
            self.lua.globals().run(lua(name))
        return self


def spellings(name):
    return [name, name.upper(), name.replace("-", "_"), name.replace("-", "_", 1)]


@pytest.mark.parametrize("name", sorted(name.decode() for name in IDENTITY - {b"authorization"}))
def test_no_client_speaks_for_the_gateway(name):
    for spelling in spellings(name):
        gateway = Gateway([(spelling, "mine"), (spelling, "again"), ("Accept", "x")]).run("guard")
        assert gateway.headers == {"accept": ["x"]}, spelling
        assert gateway.exit is None


def test_the_token_passes_and_its_folded_copy_does_not():
    gateway = Gateway([("Authorization", "Bearer x"), ("authorization_", "y")]).run("guard")
    assert gateway.headers["authorization"] == ["Bearer x"]
    gateway = Gateway([("x_request_id", "1"), ("x-request-id", "2")]).run("guard")
    assert gateway.headers == {"x-request-id": ["2"]}


@pytest.mark.parametrize(
    "value",
    ["keep-alive, X-Gateway-Secret", "x_gateway_secret", "close,X-Consumer-Username",
     "Authorization", "X-Forwarded-For", "X-Request-Id", "keep-alive, X-Gateway-Client"],
)  # fmt: skip
def test_connection_takes_none_of_the_gateways_headers_away(value):
    assert Gateway([("Connection", value)]).run("guard").exit == 400
    assert Gateway([("Connection", "close"), ("Connection", value)]).run("guard").exit == 400


@pytest.mark.parametrize("value", ["keep-alive", "close", "Upgrade, HTTP2-Settings", "TE", ""])
def test_an_ordinary_connection_passes(value):
    assert Gateway([("Connection", value)]).run("guard").exit is None


def test_more_headers_than_can_be_looked_at_are_refused():
    assert Gateway([(f"a{n}", "x") for n in range(1000)]).run("guard").exit == 400
    assert Gateway([("a", str(n)) for n in range(1000)]).run("guard").exit == 400
    assert Gateway([(f"a{n}", "x") for n in range(999)]).run("guard").exit is None


def bearer(claims, padding=""):
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return [("Authorization", f"Bearer aGVhZA.{payload}{padding}.c2ln")]


@pytest.mark.parametrize(
    ("claims", "client"),
    [
        ({"azp": "loja", "client_id": "b", "sub": "c"}, "loja"),
        ({"client_id": "cliente@x.org", "sub": "c"}, "cliente@x.org"),
        ({"sub": "auth0|5f7c8ec7c33c6c004bbafe82"}, "auth0|5f7c8ec7c33c6c004bbafe82"),
        ({"azp": "x" * 61, "aud": ["a?>~"]}, "x" * 61),
        ({"azp": 'a"\r\nX-Evil: 1'}, None),
        ({}, None),
    ],
)
def test_limits_find_the_client_in_the_token(claims, client):
    sent = [*bearer(claims), ("X-Gateway-Client", "another")]
    assert Gateway(sent).run("guard").headers.get("x-gateway-client") == (client and [client])


@pytest.mark.parametrize(
    "value", ["Bearer", "Bearer a.b", "Bearer a.***.c", "Basic x.y.z", "Bearer ..."]
)
def test_what_is_no_token_names_no_client(value):
    gateway = Gateway([("Authorization", value)]).run("guard")
    assert "x-gateway-client" not in gateway.headers
    assert gateway.exit is None


@pytest.mark.parametrize(
    "status", [400, 401, 404, 413, 418, 426, 429, 494, 500, 502, 503, 504, 599]
)
@pytest.mark.parametrize("language", ["", "en-GB, pt;q=0.5"])
def test_errors_of_the_gateway_have_the_shape_of_the_services(status, language):
    gateway = Gateway(
        [("Accept-Language", language)], path='/obras/"\\\n/x', status=status, source="exit"
    ).run("problem_header", "problem_body")
    problem = json.loads(gateway.body)
    assert list(problem) == ["type", "title", "status", "detail", "instance", "code"]
    assert problem["status"] == status
    assert gateway.response["content-type"] == "application/problem+json"
    assert "content-length" not in gateway.response
    assert ("retry-after" in gateway.response) == (status == 503)
    if status == 404:
        assert problem["title"] == ("Not found" if language else "Não encontrado")


@pytest.mark.parametrize(
    ("path", "status", "source"),
    [("/obras/", 404, "service"), ("/obras/", 308, "exit"), ("/oauth2/token", 400, "exit")],
)
def test_other_answers_stay_as_they_are(path, status, source):
    gateway = Gateway(path=path, status=status, source=source)
    gateway.run("problem_header", "problem_body")
    assert gateway.body == '{"message":"no"}'
    assert gateway.response == {"content-length": "9", "content-type": "application/json"}
