"""A log as somebody else might serve it, over real HTTP: it can go away, go back, tell another story, or talk nonsense."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from detente.record.checkpoint import open_checkpoint, sign_checkpoint
from detente.record.note import read_note
from detente.record.tiles import ENTRIES, read_tile_path


def tile_bytes(log, size, path):
    """A tile of the first `size` leaves of a `log_world.Log`, by its definition."""
    tile = read_tile_path(path)
    assert tile.level != ENTRIES
    node = log.node(size)
    first = tile.number * 256
    assert (first + tile.width) << 8 * tile.level <= size, path
    return b"".join(node(8 * tile.level, first + place) for place in range(tile.width))


class LogServer:
    """Serves one arena's log; `cosignatures` and `seen` are the notes it was given."""

    def __init__(self, log, signer, arena="levant"):
        self.log, self.signer, self.arena = log, signer, arena
        self.size = None  # of the head it shows; None: all there is
        self.status = 200
        self.takes = 200
        self.shows = None  # a function of a path and what would be answered
        self.cosignatures, self.seen, self.asked = [], [], []
        self._lines = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self._http.server_port}"

    def head(self):
        note = sign_checkpoint(self.log.head(self.size), self.signer)
        return note.signed_also(*self._lines.get(note.text, ()))

    def get(self, path):
        if path == "checkpoint":
            return self.head().raw
        return tile_bytes(self.log, len(self.log.leaves), path)

    def post(self, path, raw):
        note = read_note(raw)
        if path == "seen":
            self.seen.append(note)
            return
        assert path == "cosignatures"
        open_checkpoint(raw, self.log.origin, self.signer.public)
        self.cosignatures.append(note)
        self._lines.setdefault(note.text, []).extend(note.signatures[1:])

    def __enter__(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer(lambda path: server.get(path))

            def do_POST(self):
                raw = self.rfile.read(int(self.headers["Content-Length"]))

                def take(path):
                    if server.takes == 200:
                        server.post(path, raw)
                    return b""

                self.answer(take, server.takes)

            def answer(self, make, status=200):
                path = self.path.removeprefix(f"/arenas/{server.arena}/log/")
                server.asked.append(path)
                status = server.status if server.status != 200 else status
                body = make(path) if server.status == 200 else b"not now\n"
                body = server.shows(path, body) if server.shows else body
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
