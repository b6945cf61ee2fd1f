"""Volumes drawn at random anywhere on Earth are generalised to the same bytes as in the vectors that web/tests/notice reads, too."""

import json
from hashlib import sha256
from pathlib import Path

from detente.channel.forms import VolumeForm, form_from, plain, volume_form, volume_of
from detente.domain import DetenteError
from detente.record.canonical import canonical
from detente.screening.generalise import GeneralGrid, generalise

VECTORS = Path(__file__).parents[1] / "vectors" / "generaliser" / "anywhere" / "volumes.json"


def said_of(vector):
    grid = GeneralGrid(tuple(vector["cell_levels"]), vector["layer_m"], vector["slot_us"], vector["most_cells"])
    try:
        told = generalise(volume_of(form_from(vector["volume"], VolumeForm)), grid)
    except DetenteError as error:
        return type(error).__name__
    return sha256(canonical(plain(volume_form(told)))).hexdigest()


def test_volumes_anywhere_come_out_to_the_last_bit():
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    assert len(vectors) == 160
    assert [said_of(vector) for vector in vectors] == [vector["said"] for vector in vectors]
