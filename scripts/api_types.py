"""Writes web/src/channel/schema.d.ts: the routes of the server and what they take, as TypeScript, made of its own OpenAPI document (MIT: openapi-typescript).

`python scripts/api_types.py` after a change of a route; a test compares the file with what this makes.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from detente.api.openapi import document

ROOT = Path(__file__).parents[1]
TYPES = ROOT / "web" / "src" / "channel" / "schema.d.ts"


def made() -> str:
    """The types of the routes as they are now."""
    web = _web()
    npm = web.npm_command()
    web.install(npm)
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", os.defpath)])
    with tempfile.TemporaryDirectory() as folder:
        schema, types = Path(folder) / "schema.json", Path(folder) / "schema.d.ts"
        schema.write_bytes(document())
        command = [*npm, "exec", "--", "openapi-typescript", str(schema), "-o", str(types)]
        subprocess.run(command, cwd=ROOT / "web", env={**os.environ, "PATH": path}, check=True, capture_output=True)
        return types.read_text(encoding="utf-8")


def _web() -> Any:
    """scripts/web.py, which finds npm and installs what the lock file names."""
    spec = importlib.util.spec_from_file_location("web", Path(__file__).with_name("web.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    TYPES.write_text(made(), encoding="utf-8")
