"""The console's types of the server's routes are made of the server's own OpenAPI document, and are not stale."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]


def script():
    spec = importlib.util.spec_from_file_location("api_types", ROOT / "scripts" / "api_types.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_types_are_those_of_the_routes_as_they_are_now():
    types = script()
    assert types.TYPES.read_text("utf-8") == types.made(), "run `python scripts/api_types.py`"
