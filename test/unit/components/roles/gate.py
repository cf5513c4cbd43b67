"""Tests of components/roles/flowerPage/gate.py in front of a real server, which need nothing but Python."""

import asyncio
import logging
import sys
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, "components/roles/flowerPage")
import gate  # noqa: E402

ALL = b"GET HEAD POST PUT DELETE PATCH".split()
PEOPLE = {"of-ada": ("ada", True), "of-bob": ("bob", False)}


class Flower(BaseHTTPRequestHandler):
    """Server that notes requests, and answers as the test wants."""

    protocol_version = "HTTP/1.1"
    status, headers_sent, body, silent = 200, {}, b"page", 0

    def answer(self):
        length = int(self.headers.get("content-length", 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
        time.sleep(self.silent)
        self.send_response(self.status)
        for name, value in {"Content-Length": str(len(self.body)), **self.headers_sent}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


async def airflow(scope, receive, send):
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


async def visitor(token):
    if token == "of-nobody-yet":
        raise asyncio.TimeoutError("overloaded")
    return PEOPLE.get(token)


class GateTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        logging.disable(logging.WARNING)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Flower,), {}))
        self.server.asked = []
        # Says nothing about connections that the gate gave up.
        self.server.handle_error = lambda *_: None
        self.flower = self.server.RequestHandlerClass
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    async def asyncSetUp(self):
        self.gate = gate.Gate(airflow, "/airflow/flower", self.server.server_address, "admin:word", visitor)

    async def ask(self, path="/airflow/flower/workers", method="GET", token="of-ada", body=b"", query=b"", **headers):
        """Returns status, headers and body of an answer."""
        own = {"host": "a.test", "cookie": f"theme=dark; _token={token}; session=secret", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in own.items()],
        }
        pieces = [body[at : at + 40_000] for at in range(0, len(body), 40_000)] or [b""]
        received = [{"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]} for piece in pieces]
        sent = []

        async def receive():
            return received.pop(0)

        async def send(message):
            sent.append(message)

        await asyncio.wait_for(self.gate(scope, receive, send), 20)
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], answered, b"".join(message["body"] for message in sent[1:])

    async def test_an_administrator_sees_flower(self):
        status, headers, body = await self.ask(query=b"json=1", accept="text/html")
        self.assertEqual((status, body), (200, b"page"))
        ((method, path, asked, _),) = self.server.asked
        self.assertEqual((method, path), ("GET", "/airflow/flower/workers?json=1"))
        self.assertEqual(asked["Authorization"], "Basic YWRtaW46d29yZA==")
        self.assertIn("script-src 'self' 'sha256-", headers["content-security-policy"])
        self.assertIn("frame-ancestors 'none'", headers["content-security-policy"])
        self.assertEqual(headers["cache-control"], "no-store")

    async def test_browsers_keep_flowers_files(self):
        self.flower.headers_sent = {"Cache-Control": "max-age=315360000"}
        self.assertEqual((await self.ask())[1]["cache-control"], "max-age=315360000")

    async def test_flower_gets_no_cookie_and_no_header_that_it_might_believe(self):
        forged = {
            "authorization": "Bearer of-ada",
            "x_forwarded_for": "10.0.0.1",
            "x_real_ip": "10.0.0.1",
            "connection": "upgrade",
            "upgrade": "websocket",
            "origin": "http://a.test",
            "transfer_encoding": "chunked",
        }
        await self.ask(method="POST", body=b"n=1", content_type="application/x-www-form-urlencoded", **forged)
        ((_, _, asked, body),) = self.server.asked
        self.assertEqual(body, b"n=1")
        expected = ["Accept-Encoding", "Authorization", "Content-Length", "Host", "content-type"]
        self.assertEqual(sorted(asked), expected)
        self.assertEqual(asked["Authorization"], "Basic YWRtaW46d29yZA==")
        self.assertTrue(asked["Host"].startswith("127.0.0.1:"))

    async def test_flower_sets_no_cookie_leads_nowhere_and_asks_for_no_password(self):
        self.flower.status = 302
        self.flower.headers_sent = {
            "Set-Cookie": "_token=other",
            "Location": "//evil.test",
            "Access-Control-Allow-Origin": "*",
            "Content-Security-Policy": "script-src *",
            "Etag": '"1"',
        }
        status, headers, _ = await self.ask()
        self.assertEqual((status, headers["etag"]), (302, '"1"'))
        self.assertEqual(set(headers), {*gate.PROTECTION, "cache-control", "content-length", "etag"})
        self.assertEqual(headers["content-security-policy"], gate.POLICY)
        self.flower.status = 401
        self.flower.headers_sent = {"WWW-Authenticate": "Basic"}
        status, headers, _ = await self.ask()
        self.assertEqual(status, 502)
        self.assertNotIn("www-authenticate", headers)

    async def test_nobody_else_reaches_flower(self):
        status, _, body = await self.ask(token="of-bob", accept="text/html")
        self.assertEqual(status, 403)
        self.assertIn(b"the role Admin, which bob does not have", body)
        for method in ALL:
            for token in ("", "forged", "of-bob", "of-nobody-yet"):
                for path in ("", "/", "/metrics", "/healthcheck", "/workers", "/../flower/workers", "//workers"):
                    status, _, _ = await self.ask(f"/airflow/flower{path}", method.decode(), token, origin="http://a.test")
                    self.assertIn(status, (401, 403, 502), (method, token, path))
        self.assertEqual(self.server.asked, [])

    async def test_who_is_not_logged_in_is_led_to_the_login_and_back(self):
        status, headers, _ = await self.ask(token="", query=b"a=1&b=//evil.test", accept="text/html,*/*")
        self.assertEqual(status, 307)
        login = "/airflow/api/v2/auth/login?next=%2Fairflow%2Fflower%2Fworkers%3Fa%3D1%26b%3D%2F%2Fevil.test"
        self.assertEqual(headers["location"], login)
        for method, accept in (("GET", "application/json"), ("POST", "text/html")):
            status, headers, _ = await self.ask(method=method, token="", accept=accept)
            self.assertEqual(status, 401)
            self.assertNotIn("location", headers)

    async def test_requests_that_change_something_come_from_pages_of_this_site(self):
        path = "/airflow/flower/api/worker/shutdown/celery@worker-1"
        for origin in ({}, {"origin": "null"}, {"origin": "http://b.a.test"}, {"origin": "http://a.test:81"}, {"origin": ""}):
            for method in ("POST", "DELETE"):
                status, _, _ = await self.ask(path, method, **origin)
                self.assertEqual(status, 403, origin)
        self.assertEqual(self.server.asked, [])
        for origin in ("http://a.test", "https://A.test"):
            status, _, _ = await self.ask(path, "POST", origin=origin)
            self.assertEqual(status, 200)
        self.assertEqual([asked[:2] for asked in self.server.asked], [("POST", path)] * 2)

    async def test_other_paths_are_airflows(self):
        for path in ("/", "/airflow", "/airflow/flowers", "/flower/workers", "/airflow/api/v2/dags"):
            self.assertEqual((await self.ask(path, token=""))[::2], (299, path.encode()))
        for kind in ("lifespan", "websocket"):
            seen = []

            async def app(scope, *_, seen=seen):
                seen.append(scope["type"])

            self.gate.app = app
            await self.gate({"type": kind, "path": "/airflow/flower/"}, None, None)
            self.assertEqual(seen, [kind])

    async def test_the_path_itself_leads_below_it(self):
        status, headers, _ = await self.ask("/airflow/flower")
        self.assertEqual((status, headers["location"]), (307, "/airflow/flower/"))

    async def test_a_large_body_is_refused(self):
        for length, expected in ((gate.MAX_BODY, 200), (gate.MAX_BODY + 1, 413)):
            status, _, _ = await self.ask(method="POST", body=b"x" * length, origin="http://a.test")
            self.assertEqual(status, expected)
        self.assertEqual([len(asked[3]) for asked in self.server.asked], [gate.MAX_BODY])

    async def test_a_large_answer_comes_in_pieces(self):
        self.flower.body = b"x" * 5_000_000
        status, headers, body = await self.ask()
        self.assertEqual((status, headers["content-length"], len(body)), (200, "5000000", 5_000_000))

    async def test_a_silent_flower_keeps_no_other_request_waiting(self):
        self.flower.silent = 1
        gate.PATIENCE, patience = 0.3, gate.PATIENCE
        self.addCleanup(setattr, gate, "PATIENCE", patience)
        asked = [asyncio.create_task(self.ask()) for _ in range(3 * gate.AT_ONCE)]
        await asyncio.sleep(0.1)
        self.assertEqual(len(self.server.asked), gate.AT_ONCE)
        begin = time.monotonic()
        self.assertEqual((await self.ask("/airflow/api/v2/dags"))[0], 299)
        self.assertLess(time.monotonic() - begin, 0.1)
        for status, _, body in await asyncio.gather(*asked):
            self.assertEqual((status, body), (502, b"Flower does not answer. Try again, or look at its log.\n"))

    async def test_a_request_ends_although_flower_never_does(self):
        self.flower.silent = 1
        gate.DEADLINE, deadline = 0.2, gate.DEADLINE
        self.addCleanup(setattr, gate, "DEADLINE", deadline)
        self.assertEqual((await self.ask())[0], 502)

    async def test_a_flower_that_is_down_is_told(self):
        self.gate.address = ("127.0.0.1", 1)
        self.assertEqual((await self.ask())[0], 502)


if __name__ == "__main__":
    unittest.main()
