"""A line to PostgreSQL that can be cut, or held, at the moment a statement goes through."""

import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

CUT_BEFORE, CUT_AFTER, HOLD = "cut before", "cut after", "hold"


class Line:
    """Listens beside a server's socket and passes on what comes.

    Attributes:
        at_word: what is done with the next statement that has `word` in it: CUT_BEFORE, the server never gets it; CUT_AFTER, its answer is
            lost; HOLD, it goes on when `go_on` is set; None, nothing.
        held: set once one is held.
    """

    def __init__(self, server):
        self.word, self.at_word = b"COMMIT", None
        self.held, self.go_on = threading.Event(), threading.Event()
        self._is_cut, self._ends = False, []
        self._upstream = str(server.folder / "socket" / ".s.PGSQL.5432")
        self._folder = Path(tempfile.mkdtemp(prefix="pgline"))
        self._server_folder = server.folder / "socket"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / ".s.PGSQL.5432"))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def through(self, url):
        """The same database by way of this line."""
        return url.replace(str(self._server_folder), str(self._folder))

    def cut_off(self):
        """Hangs up on everybody, and on whoever calls, until `join`."""
        self._is_cut = True
        for end in self._ends:
            _hang_up(end)

    def join(self):
        """Lets calls through again."""
        self._is_cut = False

    def close(self):
        self.go_on.set()
        _hang_up(self._listener)
        self._listener.close()
        shutil.rmtree(self._folder)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self._upstream)
            self._ends += [client, server]
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            threading.Thread(target=self._to_client, args=(server, client), daemon=True).start()

    def _to_server(self, client, server):
        while data := _received(client):
            act, self.at_word = (self.at_word, None) if self.word in data else (None, self.at_word)
            if act == HOLD:
                self.held.set()
                self.go_on.wait()
            if act == CUT_AFTER:
                client.shutdown(socket.SHUT_RDWR)
            if act != CUT_BEFORE:
                _send(server, data)
            if act in (CUT_BEFORE, CUT_AFTER):
                break
        _hang_up(client)
        _hang_up(server, socket.SHUT_WR)  # what the server has got it finishes

    def _to_client(self, server, client):
        while data := _received(server):
            _send(client, data)
        if self.held.is_set():
            self.go_on.wait()  # a client that stopped does not see the server hang up either
        _hang_up(client)
        client.close()
        server.close()


def _received(end):
    try:
        return end.recv(1 << 16)
    except OSError:
        return b""


def _send(end, data):
    with suppress(OSError):
        end.sendall(data)


def _hang_up(end, how=socket.SHUT_RDWR):
    with suppress(OSError):
        end.shutdown(how)
