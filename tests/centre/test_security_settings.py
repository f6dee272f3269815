"""What a served centre is set to: cookies, HSTS, policy, TLS; and what stands nowhere in its code."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.centre.test_settings import farebox

ROOT = Path(__file__).parents[2]
NGINX = (ROOT / "tools/centre/units/nginx.conf").read_text("utf-8")
ASKED = """
import json
from centre import settings as s
print(json.dumps({name: getattr(s, name) for name in dir(s) if name.isupper()}, default=str))
"""


def served(tmp_path: Path, **more: str) -> dict[str, Any]:
    """The settings of a centre that is called by https."""
    environ = {"CENTRE_HOME": str(tmp_path), "CENTRE_URL": "https://centre.example", "CENTRE_HOSTS": "centre.example"}
    done = farebox({**environ, **more}, code=ASKED)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_cookies_are_of_this_host_alone_by_https_and_out_of_scripts_sight(tmp_path: Path) -> None:
    found = served(tmp_path)
    assert (found["SESSION_COOKIE_NAME"], found["CSRF_COOKIE_NAME"]) == ("__Host-session", "__Host-csrf")
    for kind in ("SESSION", "CSRF", "LANGUAGE"):
        assert found[f"{kind}_COOKIE_SECURE"] and found[f"{kind}_COOKIE_HTTPONLY"], kind
        assert found[f"{kind}_COOKIE_SAMESITE"] == "Lax"
        assert not found.get(f"{kind}_COOKIE_DOMAIN")
    assert found["LANGUAGE_COOKIE_NAME"] == "__Host-language"
    assert not found["DEBUG"]


def test_https_is_for_a_year_and_for_hosts_below_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    found = served(tmp_path)
    assert found["SECURE_HSTS_SECONDS"] >= 365 * 86_400
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] and found["SECURE_SSL_REDIRECT"]
    assert not served(tmp_path, CENTRE_HSTS_ALONE="1")["SECURE_HSTS_INCLUDE_SUBDOMAINS"]


def test_the_policy_lets_in_what_is_ours_alone(tmp_path: Path) -> None:
    found = served(tmp_path)
    policy = found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]
    assert policy["default-src"] == ["'self'"] and policy["form-action"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "data:"} & {
        word for words in policy.values() for word in words
    }
    order = found["MIDDLEWARE"]
    assert order.index("csp.middleware.CSPMiddleware") < order.index("whitenoise.middleware.WhiteNoiseMiddleware")
    assert found["SECURE_CONTENT_TYPE_NOSNIFF"] and found["SECURE_REFERRER_POLICY"] == "same-origin"
    assert not found["WHITENOISE_ALLOW_ALL_ORIGINS"]


def test_passwords_are_kept_by_argon2_and_judged_by_lists(tmp_path: Path) -> None:
    found = served(tmp_path)
    assert [name.rpartition(".")[2] for name in found["PASSWORD_HASHERS"]] == ["Argon2PasswordHasher"]
    judged = {one["NAME"].rpartition(".")[2] for one in found["AUTH_PASSWORD_VALIDATORS"]}
    assert {"MinimumLengthValidator", "CommonPasswordValidator", "NotOurWords"} <= judged


def test_the_proxy_speaks_tls_of_today_alone_and_refuses_machines_without() -> None:
    assert "ssl_protocols TLSv1.2 TLSv1.3;" in NGINX
    (ciphers,) = re.findall(r"ssl_ciphers ([^;]+);", NGINX)
    assert all(one.startswith("ECDHE+") for one in ciphers.split(":"))
    plain = NGINX.split("listen 80;")[1].split("listen 443")[0]
    assert re.search(r"location ~ \^/\(bus\|payments/notices\)/ \{\s+return 403;", plain)
    assert "autoindex" not in NGINX and "server_tokens off;" in NGINX


def test_every_package_of_the_lock_has_its_hashes() -> None:
    lock = (ROOT / "requirements/dev.txt").read_text("utf-8")
    packages = re.split(r"(?m)^(?=[\w.-]+(?:\[[\w,]+\])?==)", lock)[1:]
    assert len(packages) > 40
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert {"django", "gunicorn", "httpx", "psycopg", "altcha"} <= {
        package.split("==")[0].split("[")[0] for package in packages
    }


CALLS = frozenset(
    {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.loads", "marshal.loads", "yaml.load"}
    | {"mark_safe", "hashlib.md5", "hashlib.sha1", "random.random", "RawSQL", "tempfile.mktemp", "urlopen"}
)
TEXTS = {"format_html": 1, "format_html_join": 2}
MODULES = frozenset({"pickle", "marshal", "shelve", "random", "xml.etree", "xml.dom", "lxml", "telnetlib", "ftplib"})


def _is_bad(module: str) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in MODULES)


def dangers(source: str) -> Iterator[str]:
    """Calls and modules of which none belongs into what is asked from outside."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (one.name for one in names if _is_bad(one.name))
            case ast.ImportFrom(module=str(module), level=0) if _is_bad(module):
                yield module
            case ast.Call(func=called, args=args, keywords=words):
                name = ast.unparse(called)
                if name in CALLS or name.endswith((".raw", ".extra")):
                    yield name
                # What is put into their text is escaped; the text itself must be ours.
                if name in TEXTS and not all(isinstance(text, ast.Constant) for text in args[: TEXTS[name]]):
                    yield name
                if name.endswith(".execute") and args and isinstance(args[0], ast.JoinedStr | ast.BinOp):
                    yield "SQL put together"
                for word in words:
                    told = f"{word.arg}={ast.unparse(word.value)}"
                    if told in ("shell=True", "verify=False", "follow_redirects=True", "autoescape=False"):
                        yield told


def test_nothing_dangerous_stands_in_the_centre() -> None:
    files = [path for path in (ROOT / "centre").rglob("*.py") if "migrations" not in path.parts]
    assert len(files) > 100
    found = {str(path.relative_to(ROOT)): list(dangers(path.read_text("utf-8"))) for path in files}
    # Digits and our own markup: what was sent is looked for among the amounts first.
    assert {path: what for path, what in found.items() if what} == {"centre/portal/yen_field.py": ["mark_safe"]}


def test_no_template_of_the_centre_gives_out_anything_unescaped() -> None:
    templates = list((ROOT / "centre").rglob("*.html"))
    assert len(templates) > 50
    raw = re.compile(r"\|\s*safe\b|autoescape off|<script(?![^>]*\bsrc=)|\bon[a-z]+=\"|javascript:")
    assert [str(path) for path in templates if raw.search(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "planted",
    [
        "import pickle",
        "from random import choice",
        "eval(x)",
        "os.system(x)",
        "subprocess.run(x, shell=True)",
        "httpx.get(x, verify=False)",
        "cursor.execute(f'SELECT {x}')",
        "cursor.execute('SELECT ' + x)",
        "Card.objects.raw(x)",
        "format_html(x)",
        "format_html_join('', x, y)",
    ],
)
def test_a_planted_danger_is_found(planted: str) -> None:
    assert len(list(dangers(planted))) == 1
