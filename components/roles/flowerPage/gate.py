"""Passes requests below a path on to Flower, for administrators of Airflow alone.

The path is a part of Airflow's own site, so that neither side gets what belongs to the other: no cookie and no login goes to Flower, no
cookie and no redirect comes from there, and a page of Flower's runs only Flower's own scripts. A slow Flower keeps nobody else waiting.
"""

import asyncio
import base64
import hashlib
import http.client
import logging
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

log = logging.getLogger(__name__)

# Requests of a process that wait for Flower at once; others wait for them.
AT_ONCE = 4
# Seconds that Flower may be silent, and that a request may take, with the time for which it waits.
PATIENCE, DEADLINE = 10, 60
# Bytes of a request's body: Flower's forms have a few hundred, its table of tasks 4 KiB.
MAX_BODY = 64 * 1024
CHUNK = 64 * 1024
# Headers that are passed on. Flower gets no cookie, and none of the headers by which it would see where a request comes from.
TO_FLOWER = {b"accept", b"accept-language", b"content-type", b"if-modified-since", b"if-none-match"}
FROM_FLOWER = {"cache-control", "content-length", "content-type", "etag", "last-modified"}
# The only script that is a part of a page, as Flower renders it.
SCRIPT = base64.b64encode(hashlib.sha256(b"\nvar autorefresh = 1;\n").digest()).decode()
POLICY = (
    f"default-src 'none'; script-src 'self' 'sha256-{SCRIPT}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PROTECTION = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


async def answer(send, status, text, **headers):
    body = f"{text}\n".encode()
    own = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), "cache-control": "no-store"}
    await begin(send, status, {**own, **headers})
    await send({"type": "http.response.body", "body": body})


async def begin(send, status, headers):
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in {**headers, **PROTECTION}.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


def cookie_of(headers, wanted):
    """Returns the value of a cookie; an empty text if there is none."""
    for name, value in headers:
        for pair in value.decode("latin-1").split(";") if name == b"cookie" else []:
            key, _, content = pair.strip().partition("=")
            if key == wanted:
                return content
    return ""


def is_from_own_page(headers):
    """Returns true if a page of this site has sent the request: browsers name the page's site, and no page can forge it."""
    return headers.get(b"origin", b"").lower().partition(b"://")[2] == headers.get(b"host", b"-").lower()


async def body_of(receive):
    """Returns the body of a request; none if it is too large."""
    body, more = b"", True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return None
    return body


class Gate:
    """ASGI middleware.

    :param app: serves all other paths
    :param path: path below which Flower is, here and in Flower
    :param address: host and port of Flower
    :param login: Flower's user and password, joined by a colon
    :param visitor: tells of a token the user's name, and whether the user is an administrator; none if nobody is logged in with it.
        Raises `asyncio.TimeoutError` if it is too busy to tell
    """

    def __init__(self, app, path, address, login, visitor):
        self.app = app
        self.path = path
        self.address = address
        self.authorization = f"Basic {base64.b64encode(login.encode()).decode()}"
        self.visitor = visitor
        self.threads = ThreadPoolExecutor(AT_ONCE, "flower")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self.path}/"):
            await self.app(scope, receive, send)
            return
        began = False

        async def sending(message):
            nonlocal began
            began = True
            await send(message)

        try:
            await asyncio.wait_for(self.serve(scope, receive, sending), DEADLINE)
        except (OSError, ValueError, http.client.HTTPException, asyncio.TimeoutError) as error:
            log.warning("Flower did not answer %s: %r", scope["path"], error)
            # An answer that has begun stays without its end, which tells the browser.
            if not began:
                await answer(send, 502, "Flower does not answer. Try again, or look at its log.")

    async def serve(self, scope, receive, send):
        headers, method = dict(scope["headers"]), scope["method"]
        target = scope["raw_path"].decode("ascii") + (f"?{scope['query_string'].decode('ascii')}" if scope["query_string"] else "")
        visitor = await self.visitor(cookie_of(scope["headers"], "_token"))
        if visitor is None:
            if method == "GET" and b"text/html" in headers.get(b"accept", b""):
                login = f"{self.path.removesuffix('/flower')}/api/v2/auth/login?next={quote(target, safe='')}"
                await answer(send, 307, "Log in to Airflow.", location=login)
            else:
                await answer(send, 401, "Log in to Airflow.")
            return
        name, is_administrator = visitor
        if not is_administrator:
            await answer(send, 403, f"Flower is for people with the role Admin, which {name} does not have: it shows tokens of tasks.")
        elif method not in ("GET", "HEAD") and not is_from_own_page(headers):
            await answer(send, 403, "A request that changes something has to come from a page of Flower.")
        elif scope["path"] == self.path:
            await answer(send, 307, "Flower is below this path.", location=f"{self.path}/")
        elif (body := await body_of(receive)) is None:
            await answer(send, 413, f"Expected at most {MAX_BODY} bytes.")
        else:
            if method != "GET":
                log.info("%s asks Flower: %s %s", name, method, target)
            passed = {key.decode(): value.decode("latin-1") for key, value in headers.items() if key in TO_FLOWER}
            await self.forward(send, method, target, body, passed)

    async def forward(self, send, method, target, body, headers):
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)

        def ask():
            connection.request(method, target, body or None, {**headers, "Authorization": self.authorization})
            return connection.getresponse()

        in_thread = asyncio.get_running_loop().run_in_executor
        try:
            response = await in_thread(self.threads, ask)
            if response.status == 401:
                # A browser would ask the person for a password.
                raise ValueError("Flower refuses the login of the stack")
            answered = {key.lower(): text for key, text in response.getheaders() if key.lower() in FROM_FLOWER}
            # Browsers keep no page with tokens, but Flower's files, for which it says so.
            await begin(send, response.status, {"cache-control": "no-store", **answered})
            while chunk := await in_thread(self.threads, response.read1, CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            connection.close()
