"""One small module a format: plans come in, answers go out."""

from detente.interop.answer_csv import answer_csv
from detente.interop.answer_geojson import answer_geojson
from detente.interop.answer_json import answer_json

__all__ = ["answer_csv", "answer_geojson", "answer_json"]
