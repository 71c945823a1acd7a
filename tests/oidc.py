"""A small OpenID Connect provider on this machine, which signs in whomever a test names, and asks for nothing."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "snnviz", "a secret of the client"


class Provider(ThreadingHTTPServer):
    """`claims`: what it says of whom it signs in next; `problem`: an error that it answers with instead."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.problem = ""
        self.codes: dict[str, dict[str, Any]] = {}

    def secrets_toml(self) -> str:
        """The section `[auth]` of Streamlit's secrets for this provider."""
        told = {
            "redirect_uri": "http://127.0.0.1:{port}/oauth2callback",
            "cookie_secret": secrets.token_hex(32),
            "client_id": CLIENT,
            "client_secret": SECRET,
            "server_metadata_url": f"{self.issuer}/.well-known/openid-configuration",
        }
        return "[auth]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items())

    def token(self, nonce: str, claims: dict[str, Any]) -> str:
        """A signed id token."""
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 600, "nonce": nonce, **claims}
        return jwt.encode({"alg": "RS256", "kid": "1"}, told, self.key)


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        place, query = (
            urlsplit(self.path),
            {name: found[0] for name, found in parse_qs(urlsplit(self.path).query).items()},
        )
        ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
        if place.path == "/.well-known/openid-configuration":
            told = {f"{name}_endpoint": f"{self.server.issuer}/{end}" for name, end in ends.items()}
            told |= {"issuer": self.server.issuer, "jwks_uri": f"{self.server.issuer}/jwks"}
            self._answer({**told, "id_token_signing_alg_values_supported": ["RS256"]})
        elif place.path == "/jwks":
            self._answer({"keys": [self.server.key.as_dict(private=False)]})
        elif place.path == "/authorize":
            code = secrets.token_hex(8)
            self.server.codes[code] = {**self.server.claims, "nonce": query.get("nonce", "")}
            found = {"error": self.server.problem} if self.server.problem else {"code": code}
            self._redirect(f"{query['redirect_uri']}?{urlencode({**found, 'state': query['state']})}")
        elif place.path == "/logout":
            self._redirect(query["post_logout_redirect_uri"])
        else:
            self._answer({}, 404)

    def do_POST(self) -> None:
        given = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        known = base64.b64encode(f"{CLIENT}:{SECRET.replace(' ', '+')}".encode()).decode()
        plain = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        claims = self.server.codes.pop(given.get("code", [""])[0], None)
        if claims is None or self.headers["Authorization"] not in (f"Basic {known}", f"Basic {plain}"):
            self._answer({"error": "invalid_grant"}, 400)
            return
        token = self.server.token(claims.pop("nonce"), claims)
        self._answer({"access_token": "x", "token_type": "Bearer", "expires_in": 600, "id_token": token})

    def _answer(self, told: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs until the end."""
    with Provider() as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join(10)
