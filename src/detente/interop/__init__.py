"""One small module a format: plans come in, answers go out."""

from detente.interop.answer_csv import answer_csv
from detente.interop.answer_geojson import answer_geojson
from detente.interop.answer_html import answer_html
from detente.interop.answer_json import answer_json
from detente.interop.intake import Intake, Reading, read_files
from detente.interop.understanding_file import read_understanding

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
