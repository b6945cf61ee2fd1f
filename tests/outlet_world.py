"""Receivers on this machine that answer as they are told to, and keep what they got."""

import http.server
import json
import threading
import time


class Hook:
    """A webhook's receiver.

    `status` is what it answers, or says so of the data it got; `before` is done once it has read a request, before it answers.
    """

    def __init__(self, tls=None, address="127.0.0.1"):
        hook = self
        self.got, self.status, self.headers, self.text, self.before = [], 200, {}, b"", lambda: None

        class Door(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                hook.got.append((self.path, dict(self.headers), body))
                hook.before()
                status = hook.status(json.loads(body)["data"]) if callable(hook.status) else hook.status
                try:
                    self.send_response(status)
                    for name, value in hook.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(hook.text)
                except OSError:  # who asked has hung up
                    return

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Door)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook?a=1"
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def ids(self):
        """Of what it got, in order."""
        return [headers["webhook-id"] for _, headers, _ in self.got]

    @property
    def kinds(self):
        """Of the postings it was told of, in order."""
        return [json.loads(body)["data"]["kind"] for _, _, body in self.got]

    @property
    def references(self):
        """To them."""
        return [json.loads(body)["data"]["reference"] for _, _, body in self.got]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def until(ready, within_s=60, every_s=0.05):
    """Waits for something to become true."""
    until_s = time.monotonic() + within_s
    while not ready():
        assert time.monotonic() < until_s
        time.sleep(every_s)
