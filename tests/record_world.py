"""What the tests of the record share: fixed keys, and a second implementation, WebCrypto in Node."""

import json
import shutil
import subprocess
import warnings
from hashlib import sha256
from pathlib import Path

import pytest

from detente.record.keys import SigningKey

NODE = shutil.which("node")
if NODE is None:
    warnings.warn(
        "node is not here: nothing holds our envelopes against WebCrypto. On Debian: apt-get install nodejs",
        stacklevel=1,
    )
needs_node = pytest.mark.skipif(NODE is None, reason="node, the second implementation, is not installed")


def key(name):
    """The same key for the same name, always; never one to use."""
    return SigningKey(sha256(name.encode()).digest())


def in_node(task, given):
    """What webcrypto_peer.mjs answers."""
    script = Path(__file__).parent / "record" / "webcrypto_peer.mjs"
    ran = subprocess.run(
        [NODE, "--no-warnings", script, task], input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)
