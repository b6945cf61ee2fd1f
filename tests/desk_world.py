"""Parties at their desks: folders, keys and commands, against a real server. Nothing but the command line is used."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

DETENTE = [sys.executable, "-c", "from detente.cli import main; main()"]
PASSPHRASE = "correct horse battery staple"
ARENA = "levant"
AGREED = """
name = "Agreed"
version = "1"
[[rules]]
name = "any"
lateral = "5nm"
vertical = "1000ft"
time = "5 min"
[terms]
lead_times = [{lead = "30 min", activity = "air_operation"}]
releases = [{level = "full", from = "A"}, {level = "general", from = "B"}]
"""
HEAD = "reference,activity,latitude,longitude,radius,altitude_lower,altitude_upper,time_start,time_end\n"


def a_plan(reference="N-1", lat=34.0, minutes=60):
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)
    times = ",".join(each.isoformat().replace("+00:00", "Z") for each in (start, start + timedelta(hours=1)))
    return f"{HEAD}{reference},air_operation,{lat},36.0,2km,FL100,FL120,{times}\n"


def plans(desks, name, *rows):
    path = desks.folder / f"{name}.csv"
    path.write_text(HEAD + "".join(row.removeprefix(HEAD) for row in rows))
    return path


@dataclass
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


class Desks:
    """A folder with a server's data, and one for each party."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n")
        self.server = None
        self.data = folder / "data"
        self.say("arena", "create", ARENA, "--data", self.data)

    def say(self, *words, code=0):
        """A command, which has to end with this exit code, or with any where that is None."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("DETENTE")}
        run = subprocess.run(
            [*DETENTE, *map(str, words)], capture_output=True, text=True, check=False, env=environment, timeout=120
        )
        assert code is None or run.returncode == code, (words, run.stdout, run.stderr)
        return Said(run.returncode, run.stdout, run.stderr)

    def at(self, party, *words, code=0):
        return self.say(*words, "--as", self.folder / party, code=code)

    def begin(self, party, *words):
        """A command that goes on; end it with `until`."""
        words = [*map(str, words), "--as", str(self.folder / party)]
        return subprocess.Popen([*DETENTE, *words], stdout=subprocess.PIPE, text=True)

    def until(self, process, said):
        """The lines of a command that goes on, up to the one that says this; then it is ended."""
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if said in line:
                    return lines
        finally:
            process.terminate()
            process.wait(30)
            process.stdout.close()
        raise AssertionError(lines)

    def told(self, party, *words):
        """What a party's inbox has to say until all of these words are in it; postings wait for their tick."""
        out, until_s = "", time.monotonic() + 30
        while not all(each in out for each in words):
            assert time.monotonic() < until_s, (words, out)
            out += self.at(party, "inbox").out
        return out

    def start(self):
        self.process = subprocess.Popen(
            [*DETENTE, "serve", "--data", self.data, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        self.url = line.split(" at ")[1].strip()
        self.server = ("--server", self.url, "--arena", ARENA)

    def end(self):
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()

    def token(self, name, *whose):
        path = self.folder / f"{name}.token"
        path.write_text(self.say("token", "issue", ARENA, "--data", self.data, *whose, "--json").json["token"] + "\n")
        path.chmod(0o600)
        return path

    def take_in(self, party, kind="armed_force"):
        """Keys, membership, a token, a folder."""
        keys = self.folder / f"{party}-keys"
        host = self.token("host", "--role", "host")
        phrase = ("--passphrase-file", self.passphrase)
        root = self.say(
            "key", "new", "--party", party, "--role", "root", "--no-recovery", "-o", keys, *phrase, "--json"
        )
        officer = self.say(
            "key", "new", "--party", party, "--role", "officer", "--officer", "night watch", "-o", keys,
            "--by", root.json["private_key_file"], *phrase, "--by-passphrase-file", self.passphrase, "--json",
        )  # fmt: skip
        ledger = next(keys.glob("*.keys"))
        add = ("party", "add", party, "--kind", kind, "--keys", ledger, "--token-file", host, *self.server, "--json")
        assert self.say(*add).json["added"]
        assert not self.say(*add).json["added"]
        token = self.token(party, "--party", party, "--role", "officer")
        self.say(
            "party", "join", self.folder / party, "--key", officer.json["private_key_file"], "--token-file", token,
            *phrase, *self.server,
        )  # fmt: skip
        return root.json["private_key_file"]
