"""A witness as a log meets it, over real HTTP: our own decisions behind `http.server`, or what somebody malicious would answer."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from detente.api.witness_app import WitnessApp
from detente.domain import DetenteError
from detente.stores.witness import Witness, WitnessFolder


class WitnessServer:
    """Its witness, in a folder. `answers` may be a function of a path and the right answer (status, type, body); `shows_latest` is ours alone."""

    def __init__(self, path, name, key, origin, log_key, now_s, *, shows_latest=True):
        folder = WitnessFolder(path) if path.exists() else WitnessFolder.create(path, name)
        self.name, self.key, self.answers, self.shows_latest = name, key, None, shows_latest
        self.said, self.asked = [], []
        self.origin, self.log_key = origin, log_key
        self.witness = Witness(folder, key, now_s, self.said.append)
        self.app = WitnessApp(self.witness, {origin: log_key})

    @property
    def size(self):
        return self.witness.watched(self.origin, self.log_key).size

    def answer(self, path, query, raw):
        try:
            if path == "/add-checkpoint":
                return self.app.add_checkpoint(raw)
            if path == "/latest" and self.shows_latest:
                return self.app.latest(query.encode())
        except DetenteError as error:
            return 400, "text/plain", str(error).encode()
        return 404, "text/plain", b""

    def __enter__(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.respond(b"")

            def do_POST(self):
                self.respond(self.rfile.read(int(self.headers["Content-Length"])))

            def respond(self, raw):
                path, _, query = self.path.partition("?")
                server.asked.append(path)
                told = server.answer(path, query, raw)
                status, content_type, body = server.answers(path, told) if server.answers else told
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
