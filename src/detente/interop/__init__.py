"""One small module a format: plans come in, answers go out. A module is imported when its format is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detente.interop.intake import Intake, Reading, read_files
    from detente.interop.understanding_file import read_understanding
    from detente.interop.write_csv import answer_csv
    from detente.interop.write_geojson import answer_geojson
    from detente.interop.write_html import answer_html
    from detente.interop.write_json import answer_json

_HOME = {
    "Intake": "intake",
    "Reading": "intake",
    "answer_csv": "write_csv",
    "answer_geojson": "write_geojson",
    "answer_html": "write_html",
    "answer_json": "write_json",
    "read_files": "intake",
    "read_understanding": "understanding_file",
}

__all__ = [
    "Intake",
    "Reading",
    "answer_csv",
    "answer_geojson",
    "answer_html",
    "answer_json",
    "read_files",
    "read_understanding",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'detente.interop' has no attribute {name!r}")
    return getattr(import_module(f"detente.interop.{_HOME[name]}"), name)
