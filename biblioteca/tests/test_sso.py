"""Single sign-on against a real OpenID provider, by the addresses that a browser would follow."""

import os
import re
import sqlite3
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from biblioteca.tests.provider import CLAIM, provider
from biblioteca.tests.servers import free_port, serving
from biblioteca.tests.stack import HOST, SECRET, Node, Stack

pytestmark = pytest.mark.served

CALLBACK = "/admin/sso/complete/oidc/"


class Browser(requests.Session):
    """One person's browser at a service, and at the provider behind it."""

    backend = "oidc"

    def __init__(self, address, provider, *, headers=None, verify=True, public=""):
        super().__init__()
        self.trust_env = False
        self.address, self.provider, self.public = address, provider, public
        self.service_headers, self.service_verify = headers or {}, verify

    def ask(self, method, path, **options):
        """Ask the service; redirects are looked at, not followed."""
        headers = self.service_headers | {"Accept-Language": "en"} | options.pop("headers", {})
        return self.request(
            method, self.address + path, headers=headers, verify=self.service_verify,
            allow_redirects=False, timeout=30, **options,
        )  # fmt: skip

    def submit(self, path, **fields):
        """Send a form to the service, with the token of its page."""
        page = self.ask("GET", "/admin/login/")
        if page.status_code == 302:
            page = self.ask("GET", "/admin/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
        return self.ask("POST", path, data=fields | {"csrfmiddlewaretoken": token})

    def begin(self, **fields):
        """Press the button; return the provider's address with what is asked of it."""
        answer = self.submit(f"/admin/sso/login/{self.backend}/", **fields)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def vouch(self, address, sub, **fields):
        """Say at the provider who one is; return the path that it sends the browser back to."""
        answer = self.post(address, data={"sub": sub} | fields, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}" == (self.public or self.address)
        return f"{back.path}?{back.query}"

    def sign_in(self, sub, **fields):
        """Go all the way; return the service's answer to the browser that comes back."""
        return self.ask("GET", self.vouch(self.begin(**fields), sub))


def title_of(answer):
    """Return the heading of a page, and its text."""
    return re.sub(r"<[^>]+>|\s+", " ", answer.text)


class World:
    """A provider, a service that knows it, and the service's database."""

    def __init__(self, directory, address, running):
        self.directory, self.address, self.provider = directory, address, running

    def browser(self):
        """Return a new browser."""
        return Browser(self.address, self.provider)

    def rows(self, statement, *values):
        """Return rows of the service's database."""
        with sqlite3.connect(self.directory / "biblioteca.sqlite3") as database:
            return database.execute(statement, values).fetchall()

    def account(self, username):
        """Return is_staff, is_superuser and the groups of an account, None without one."""
        found = self.rows(
            "SELECT id, is_staff, is_superuser FROM auth_user WHERE username = ?", username
        )
        if not found:
            return None
        groups = self.rows(
            "SELECT g.name FROM auth_group g JOIN auth_user_groups l ON l.group_id = g.id"
            " WHERE l.user_id = ? ORDER BY g.name",
            found[0][0],
        )
        return bool(found[0][1]), bool(found[0][2]), [name for (name,) in groups]

    def logged(self, name):
        """Return what the access log says of a name: kind, door and detail, oldest first."""
        return self.rows(
            "SELECT acao, porta, detalhe FROM backoffice_accessentry"
            " WHERE quem = ? OR alvo = ? ORDER BY id",
            name,
            name,
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A catalogue whose editors come from a provider."""
    directory = tmp_path_factory.mktemp("sso")
    port = free_port()
    with provider(directory) as running:
        settings = running.register(f"http://127.0.0.1:{port}{CALLBACK}")
        with serving(directory, "--vazio", port=port, **settings) as address:
            yield World(directory, address, running)


def test_the_first_sign_in_makes_an_account_with_the_roles_of_the_claim(world):
    world.provider.person("ana", "bibliotecaria", "outra coisa")
    browser = world.browser()
    page = browser.ask("GET", "/admin/login/?next=/admin/obras/obra/")
    assert "Sign in with Casa das Contas" in title_of(page)
    assert 'name="next" value="/admin/obras/obra/"' in page.text
    answer = browser.sign_in("ana", next="/admin/obras/obra/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/obras/obra/")
    assert browser.ask("GET", "/admin/obras/obra/add/").status_code == 200
    assert browser.ask("GET", "/admin/auth/user/").status_code == 403
    assert world.account("ana") == (True, False, ["Editores"])
    assert world.logged("ana") == [
        ("papel", "codigo", "created +is_active"),
        ("papel", "sso", "+is_staff"),
        ("papel", "sso", "+Editores"),
        ("entrou", "sso", ""),
    ]
    # The cookie comes along when the provider sends the browser back.
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    # No token of the provider is kept in the table of identities.
    kept = world.rows("SELECT provider, uid, extra_data FROM social_auth_usersocialauth")
    assert ("oidc", "ana", "{}") in kept


def test_roles_follow_the_claim_at_every_sign_in_and_go_with_it(world):
    world.provider.person("rita", "bibliotecaria", "chefe")
    first = world.browser()
    first.sign_in("rita")
    assert world.account("rita") == (True, False, ["Administradores", "Editores"])
    assert first.ask("GET", "/admin/auth/user/").status_code == 200
    world.provider.person("rita", "leitora")
    world.browser().sign_in("rita")
    assert world.account("rita") == (True, False, ["Leitores"])
    # In the session that was open before, too.
    assert first.ask("GET", "/admin/auth/user/").status_code == 403
    assert first.ask("GET", "/admin/obras/obra/add/").status_code == 403
    world.provider.person("rita")
    refused = world.browser().sign_in("rita")
    assert refused.status_code == 403
    assert "gives you no role in this catalogue" in title_of(refused)
    assert world.account("rita") == (False, False, [])
    page = first.ask("GET", "/admin/")
    assert page.status_code == 403
    assert "You have no role here" in title_of(page)
    assert world.logged("rita")[-1] == ("falhou", "sso", "no_role")


def test_no_claim_no_entry_and_no_loop(world):
    for claims in ({CLAIM: None}, {CLAIM: "nada"}, {CLAIM: [3, None, {"a": 1}]}, {CLAIM: {}}):
        world.provider.person("visita", **claims)
        browser = world.browser()
        refused = browser.sign_in("visita")
        assert refused.status_code == 403
        assert "Casa das Contas knows you" in title_of(refused)
        assert world.account("visita") is None
        # Not signed in: the admin shows its sign-in page, which sends nobody away by itself.
        assert browser.ask("GET", "/admin/").headers["Location"] == "/admin/login/?next=/admin/"
        assert browser.ask("GET", "/admin/login/").status_code == 200
    # From the page that refuses, another account can be named at the provider.
    assert 'name="outra" value="1"' in refused.text
    assert parse_qs(urlsplit(browser.begin(outra="1")).query)["prompt"] == ["login"]


@pytest.mark.parametrize("verified", [False, None, "yes", 0])
def test_an_address_that_is_not_verified_lets_nobody_in(world, verified):
    world.provider.person("eva", "chefe", email_verified=verified)
    refused = world.browser().sign_in("eva")
    assert refused.status_code == 403
    assert "e-mail address is not confirmed" in title_of(refused)
    assert world.account("eva") is None


def test_the_same_address_under_another_identity_takes_over_nobody(world):
    world.provider.person("bia", "chefe", email="bia@example.org")
    world.browser().sign_in("bia")
    for other in ("BIA", "bía", "ladra"):
        world.provider.person(other, "leitora", email="bia@example.org", preferred_username="bia")
        world.browser().sign_in(other)
    assert world.account("bia") == (True, False, ["Administradores"])
    people = world.rows(
        "SELECT s.uid, u.username FROM social_auth_usersocialauth s JOIN auth_user u"
        " ON u.id = s.user_id WHERE u.email = 'bia@example.org'"
    )
    assert {uid for uid, _name in people} == {"bia", "BIA", "bía", "ladra"}
    assert len({name for _uid, name in people}) == 4
    # Nor does an identity take the local account of its name.
    world.provider.person("x1", "leitora", preferred_username="editora")
    world.browser().sign_in("x1")
    assert world.account("editora") == (True, True, [])


def test_a_forged_or_repeated_answer_lets_nobody_in(world):
    world.provider.person("ivo", "chefe")
    victim, thief = world.browser(), world.browser()
    back = thief.vouch(thief.begin(), "ivo")
    # An answer that another browser asked for.
    refused = victim.ask("GET", back)
    assert refused.status_code == 403
    assert "not valid, or too old" in title_of(refused)
    query = parse_qs(urlsplit(thief.vouch(thief.begin(), "ivo")).query)
    for forged in (
        {"code": query["code"][0], "state": "x" * 32},
        {"code": query["code"][0]},
        {"state": query["state"][0]},
        {"code": "inventado", "state": query["state"][0]},
        {},
    ):
        refused = thief.ask("GET", f"{CALLBACK}?{urlencode(forged)}")
        assert 400 <= refused.status_code < 500 or refused.status_code == 502
        assert "You were not signed in" in title_of(refused)
    assert world.account("ivo") is None
    # A good one is good once.
    back = thief.vouch(thief.begin(), "ivo")
    assert thief.ask("GET", back).headers["Location"] == "/admin/"
    again = world.browser().ask("GET", back)
    assert again.status_code == 403


def test_a_token_answer_for_another_nonce_lets_nobody_in(world):
    world.provider.person("nina", "chefe")
    browser = world.browser()
    asked = browser.begin()
    other = re.sub(r"nonce=[^&]+", "nonce=outro", asked)
    assert other != asked
    refused = browser.ask("GET", browser.vouch(other, "nina"))
    assert refused.status_code == 403
    assert world.account("nina") is None


def test_who_declines_at_the_provider_reads_so(world):
    browser = world.browser()
    state = parse_qs(urlsplit(browser.begin()).query)["state"][0]
    refused = browser.ask("GET", f"{CALLBACK}?error=access_denied&state={state}")
    assert refused.status_code == 403
    assert "was cancelled" in title_of(refused)


def test_the_start_takes_a_form_with_its_token_and_one_provider(world):
    browser = world.browser()
    assert browser.ask("GET", "/admin/sso/login/oidc/").status_code == 405
    assert browser.ask("POST", "/admin/sso/login/oidc/").status_code == 403
    assert browser.submit("/admin/sso/login/auth0_openidconnect/").status_code == 404
    assert browser.ask("GET", "/admin/sso/complete/google-oauth2/").status_code == 404
    # A stranger's address is not where the sign-in ends.
    world.provider.person("olga", "leitora")
    answer = browser.sign_in("olga", next="https://evil.example/")
    assert answer.headers["Location"] == "/admin/"


def test_signing_out_ends_the_session_here_and_asks_the_provider_to(world):
    world.provider.person("lia", "leitora")
    browser = world.browser()
    browser.sign_in("lia")
    answer = browser.submit("/admin/logout/")
    assert answer.status_code == 302
    target = urlsplit(answer.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == (
        f"{world.provider.issuer}/oauth2/end_session"
    )
    asked = parse_qs(target.query)
    assert asked["post_logout_redirect_uri"] == [f"{world.address}/admin/login/"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert browser.get(answer.headers["Location"], timeout=30).status_code == 200
    assert browser.ask("GET", "/admin/").status_code == 302
    assert [entry[0] for entry in world.logged("lia")][-2:] == ["entrou", "saiu"]


def test_the_local_account_works_beside_it_and_no_password_opens_a_provided_one(world):
    password = (world.directory / "editor_password").read_text()
    browser = world.browser()
    answer = browser.submit("/admin/login/", username="editora", password=password)
    assert answer.status_code == 302
    # A local session does not become a provider's account, nor the other way round.
    world.provider.person("zeca", "leitora")
    assert browser.submit("/admin/sso/login/oidc/").headers["Location"] == "/admin/"
    other = world.browser()
    back = other.vouch(other.begin(), "zeca")
    assert browser.ask("GET", back).headers["Location"] == "/admin/"
    assert world.account("zeca") is None
    assert world.account("editora") == (True, True, [])
    # Signing out ends at our own page.
    assert browser.submit("/admin/logout/").status_code == 200


def test_a_provider_that_is_away_is_said_in_words(world, tmp_path):
    port = free_port()
    with provider(tmp_path) as other:
        settings = other.register(f"http://127.0.0.1:{port}{CALLBACK}")
        other.person("nara", "leitora")
        with serving(tmp_path, "--vazio", port=port, **settings) as address:
            browser = Browser(address, other)
            back = browser.vouch(browser.begin(), "nara")
            signed_in = Browser(address, other)
            signed_in.sign_in("nara")
            other.stop()
            away = browser.ask("GET", back)
            assert away.status_code == 503
            assert "does not answer as it should" in title_of(away)
            # Who is in stays in, and gets out.
            assert signed_in.ask("GET", "/admin/obras/obra/").status_code == 200
            assert signed_in.submit("/admin/logout/").status_code in (200, 302)
            assert signed_in.ask("GET", "/admin/").status_code == 302
        with serving(tmp_path, "--vazio", port=port, **settings) as address:
            away = Browser(address, other).submit("/admin/sso/login/oidc/")
            assert away.status_code == 503
            assert "does not answer as it should" in title_of(away)
            password = (tmp_path / "editor_password").read_text()
            local = Browser(address, other)
            local.submit("/admin/login/", username="editora", password=password)
            assert local.ask("GET", "/admin/").status_code == 200


def test_the_back_end_of_auth0_with_a_claim_inside_a_claim(tmp_path):
    port = free_port()
    with provider(tmp_path) as running:
        callback = f"http://127.0.0.1:{port}/admin/sso/complete/auth0_openidconnect/"
        settings = running.register(callback)
        settings |= {"SSO_PROVIDER": "auth0", "SSO_ROLES_CLAIM": "realm_access.roles"}
        # No name, no nickname, no picture: a connection may leave them out.
        running.person("auth0|lu", realm_access={"roles": ["leitora"]}, preferred_username=None)
        with serving(tmp_path, "--vazio", port=port, **settings) as address:
            browser = Browser(address, running)
            browser.backend = "auth0_openidconnect"
            assert browser.sign_in("auth0|lu").headers["Location"] == "/admin/"
            assert browser.ask("GET", "/admin/obras/obra/").status_code == 200
            assert World(tmp_path, address, running).account("auth0lu@example.org") == (
                True,
                False,
                ["Leitores"],
            )
            running.person("auth0|lu", realm_access={}, preferred_username=None)
            other = Browser(address, running)
            other.backend = browser.backend
            assert other.sign_in("auth0|lu").status_code == 403
            assert browser.ask("GET", "/admin/obras/obra/").status_code == 403


def test_behind_a_proxy_with_another_host_name(tmp_path):
    """A hop with TLS; the service itself knows the name of its inside only."""
    public = "https://acervo.example.org"
    port = free_port()
    with provider(tmp_path) as running:
        settings = running.register(f"{public}{CALLBACK}") | {
            "PUBLIC_URL": public,
            "GATEWAY_SECRET": SECRET,
            "DJANGO_ALLOWED_HOSTS": HOST,
        }
        running.person("caio", "bibliotecaria")
        with serving(tmp_path, "--vazio", port=port, **settings):
            hop = Stack(tmp_path, dict(os.environ))
            hop.nodes = [Node(port, None, tmp_path / "server.log")]
            try:
                hop.start_proxy()
                certificate = str(tmp_path / "certificate.pem")
                headers = {"Host": HOST, "Origin": public, "Referer": f"{public}/admin/login/"}
                browser = Browser(
                    hop.url, running, headers=headers, verify=certificate, public=public
                )
                asked = browser.begin()
                redirect = parse_qs(urlsplit(asked).query)["redirect_uri"]
                assert redirect == [f"{public}{CALLBACK}"]
                answer = browser.ask("GET", browser.vouch(asked, "caio"))
                assert answer.headers["Location"] == "/admin/"
                assert browser.ask("GET", "/admin/obras/obra/").status_code == 200
                out = browser.submit("/admin/logout/").headers["Location"]
                home = parse_qs(urlsplit(out).query)["post_logout_redirect_uri"]
                assert home == [f"{public}/admin/login/"]
            finally:
                hop.nodes = []
                hop.stop()
