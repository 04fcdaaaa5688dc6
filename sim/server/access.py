"""Control of who may use the server: the token, known host names, the origin of requests, and security headers."""

import hashlib
import hmac
from collections.abc import Iterable
from html import escape
from string import Template
from urllib.parse import urlencode

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as Answer

COOKIE = "capflow_token"
MAX_AGE = 30 * 24 * 3600
"""Seconds for which a browser keeps the token."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OPEN = ("/_token",)
"""Paths that need no token."""
SAFE = ("GET", "HEAD", "OPTIONS")
"""HTTP methods that change nothing. Pages of other sites may send them: browsers do not let them see the answer."""
LARGEST_REQUEST = 1_000_000
"""Largest size of a request in bytes; the largest requests name components of a page and their values."""

POLICY = (
    "default-src 'self'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
ASK = Template("""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>capflow</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:17px/1.5 system-ui,sans-serif;color:#1f2933;display:grid;place-items:center;min-height:90vh;
margin:0}
form{max-width:22rem;padding:1rem}input,button{font:inherit;padding:.5rem .7rem;width:100%;box-sizing:border-box;
margin-top:.5rem}button{background:#1f2933;color:#fff;border:0;border-radius:4px}</style></head><body>
<form method="post" action="/_token"><h1>capflow</h1><p>$message</p>
<label for="token">Token</label><input id="token" name="token" type="password" autocomplete="current-password"
required autofocus><input type="hidden" name="next" value="$next"><button>Open</button></form></body></html>""")


def guard(server: Flask, token: str | None, hosts: Iterable[str], scripts: Iterable[str]) -> None:
    """Refuse requests without access, and give every response its security headers.

    Args:
        server: the application.
        token: the secret that every request must carry; None admits everyone who can reach the server.
        hosts: the names under which the server may be addressed without a token, so that a page of another site
            cannot reach the server through a host name of that site (DNS rebinding).
        scripts: the hashes of the scripts inside the HTML of pages, for the content security policy.
    """
    server.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    names = {*LOOPBACK, *hosts}
    stamp = None if token is None else hmac.new(token.encode(), b"capflow", hashlib.sha256).hexdigest()
    policy = POLICY.format(scripts=" ".join(scripts))

    @server.before_request
    def check() -> Answer | None:
        if request.method not in SAFE and not _same_origin():
            return Response("capflow: refused; a page of another site sent it\n", 403, mimetype="text/plain")
        if stamp is None:
            if _hostname() not in names:
                return Response("capflow: unknown host name; use the printed one\n", 403, mimetype="text/plain")
            return None
        if request.path in OPEN or _knows(token or "", stamp):
            return None
        if request.method == "GET" and "token" in request.args:
            rest = urlencode([(key, value) for key, value in request.args.items(multi=True) if key != "token"])
            path = f"{request.path}?{rest}" if rest else request.path
            return _admit(request.args["token"], token or "", stamp, path)
        if request.path.startswith("/api/") or request.method != "GET":
            return Response('{"error":"no token: reload the page to enter it"}', 401, mimetype="application/json")
        return _ask("This server asks for a token.", request.full_path)

    @server.post("/_token")
    def enter() -> Answer:
        return _admit(request.form.get("token", ""), token or "", stamp or "", request.form.get("next", "/"))

    @server.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Referrer-Policy"] = "same-origin"
        return response


def _hostname() -> str:
    host = request.host
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] or host if host.count(":") == 1 else host


def _same_origin() -> bool:
    origin = request.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == request.host


def _knows(token: str, stamp: str) -> bool:
    bearer = request.headers.get("Authorization", "")
    if bearer.startswith("Bearer "):
        return hmac.compare_digest(bearer.removeprefix("Bearer ").encode(), token.encode())
    return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), stamp.encode())


def _admit(secret: str, token: str, stamp: str, then: str) -> Answer:
    if not token or not hmac.compare_digest(secret.encode(), token.encode()):
        return _ask("That is not the token. Try again.", then)
    # Only a path of this server is accepted: neither "//elsewhere" nor "https:...".
    local = then.startswith("/") and not then.startswith(("//", "/\\"))
    answer = redirect(then if local else "/")
    answer.set_cookie(COOKIE, stamp, max_age=MAX_AGE, httponly=True, samesite="Lax")
    return answer


def _ask(message: str, then: str) -> Response:
    page = ASK.substitute(message=escape(message), next=escape(then, quote=True))
    return Response(page, 401, mimetype="text/html")
