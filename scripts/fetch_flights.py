"""Fetch the sample flights: the wheel of the open-source library `traffic`, kept in data/ and never installed.

Licence: the wheel's metadata says MIT; it holds no licence file, and nothing separate about the sample data. So the
wheel is fetched by whoever wants it, from the package index their pip is set to, and is not part of this project.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
VERSION = "2.13"
WHEEL = DATA / f"traffic-{VERSION}-py3-none-any.whl"
SHA256 = "5e0cd61d931d03103294361542188f08f959a55e862d5cba80ab61291021e66c"  # of the file our numbers were measured on
LONGEST_S = 180


def main() -> int:
    """0 when the wheel is there and is the one we know; 1, in words, when not."""
    if WHEEL.exists() and _sha256(WHEEL) == SHA256:
        print(f"Sample flights: {WHEEL.relative_to(DATA.parent)} is here already.")
        return 0
    print(f"Sample flights: fetching traffic {VERSION} (28 MB, MIT by its metadata; read, not installed) …", flush=True)
    if why := _download():
        print(f"Sample flights: couldn't get them: {why}\n  Everything else works without; `make data` tries again.")
        return 1
    print(f"Sample flights: {WHEEL.relative_to(DATA.parent)} fetched and checked.")
    return 0


def _download() -> str:
    """Why it failed; empty when it didn't."""
    DATA.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(DATA), f"traffic=={VERSION}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return f"no answer within {LONGEST_S} s"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["pip says nothing more"])[-1]
    if not WHEEL.exists():
        return f"pip did not leave {WHEEL.name}"
    if (found := _sha256(WHEEL)) != SHA256:
        WHEEL.unlink()
        return f"{WHEEL.name} is not the file we know (SHA-256 {found}, expected {SHA256}); removed"
    return ""


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
