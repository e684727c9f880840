"""A page on another origin, in a real browser: fetch as an application would use it."""

import http.server
import threading

import pytest

from biblioteca.tests.servers import serving

pytestmark = pytest.mark.served

APPLICATION = """async (base) => {
  const json = { "Content-Type": "application/json" };
  const seen = {};
  const created = await fetch(base + "/autores/", {
    method: "POST", headers: { ...json, "Idempotency-Key": "navegador-1" },
    body: JSON.stringify({ nome: "Autora do navegador" }),
  });
  seen.created = created.status;
  const author = await created.json();
  seen.location = created.headers.get("Location");
  const form = new FormData();
  form.append("titulo", "Obra do navegador");
  form.append("editora", "");
  form.append("autores", author.id);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 30;
  form.append("foto", await new Promise((done) => canvas.toBlob(done, "image/png")), "capa.png");
  const uploaded = await fetch(base + "/obras/", { method: "POST", body: form });
  seen.uploaded = uploaded.status;
  const work = await uploaded.json();
  const tag = uploaded.headers.get("ETag");
  seen.tag = tag.startsWith('"obras-');
  const item = uploaded.headers.get("Location");
  const write = (headers) => fetch(item, {
    method: "PATCH", headers: { ...json, ...headers }, body: JSON.stringify({ foto: "x.png" }),
  });
  seen.updated = (await write({ "If-Match": tag })).status;
  const stale = await write({ "If-Match": tag });
  seen.stale = [stale.status, (await stale.json()).code];
  for (let i = 0; i < 4; i += 1) {
    await fetch(base + "/obras/", { method: "POST", headers: json,
      body: JSON.stringify({ titulo: "Outra " + i, editora: null, autores: [] }) });
  }
  let next = base + "/obras/?page_size=2";
  seen.walked = 0;
  while (next) {
    const page = await (await fetch(next)).json();
    seen.walked += page.results.length;
    next = page.next;
  }
  const refused = await fetch(base + "/obras/", { method: "POST", headers: json, body: "{" });
  seen.problem = [refused.status, (await refused.json()).code];
  const gone = await fetch(base + "/obras/0");
  seen.gone = [gone.status, (await gone.json()).code];
  return seen;
}"""

REFUSED = """async (base) => {
  try { await fetch(base + "/obras/"); return "read"; } catch { return "refused"; }
}"""


class Empty(http.server.BaseHTTPRequestHandler):
    """An empty page: another origin."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>app</title>")

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def origins():
    """Two origins: one will be allowed, the other not."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def test_an_application_on_another_origin(tmp_path, browser, origins):
    allowed, other = origins
    # Without DEBUG no origin is allowed but the one that is named.
    environment = {"DJANGO_DEBUG": "0", "TRUST": "open", "DJANGO_SECRET_KEY": "x" * 50}
    environment |= {"DJANGO_ALLOWED_HOSTS": "127.0.0.1", "CORS_ORIGINS": allowed}
    with serving(tmp_path, "--vazio", **environment) as address:
        page = browser.new_page()
        page.goto(allowed)
        seen = page.evaluate(APPLICATION, address)
        assert seen["location"].startswith(f"{address}/autores/")
        del seen["location"]
        assert seen == {
            "created": 201, "uploaded": 201, "tag": True, "updated": 200,
            "stale": [412, "precondition_failed"], "walked": 5,
            "problem": [400, "invalid_json"], "gone": [404, "not_found"],
        }  # fmt: skip
        page.goto(other)
        assert page.evaluate(REFUSED, address) == "refused"
