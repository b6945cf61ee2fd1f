"""SRTM height files: `N33E035.hgt`, plain, gzipped or zipped; one degree, 1201 or 3601 posts a side, two bytes each, big-endian, void -32768.

The name is the south-western post. Rows run from north to south and the edges of neighbours repeat each other. Source: NASA/USGS, SRTM User Guide
(https://lpdaac.usgs.gov/documents/179/SRTM_User_Guide_V3.pdf), SRTM topography documentation, 2.1.4 and 2.1.5. Heights are above the EGM96 geoid.
"""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from math import isqrt
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from detente.domain import UnreadableFile
from detente.geodesy.elevation import Sheet

SUFFIXES: Final = (".hgt", ".hgt.gz", ".hgt.zip")
SIDES: Final = (1201, 3601)
VOID: Final = -32_768
_NAME: Final = re.compile(r"([NS])(\d{2})([EW])(\d{3})(?!\d)", re.IGNORECASE)
_SIZES: Final = {2 * side * side: side for side in SIDES}


def open_hgt(path: Path) -> Sheet:
    """The sheet that the file's name and size say it is; its heights are read later.

    Raises:
        UnreadableFile: a name that is no place, or a size that is no sheet's.
    """
    south_deg, west_deg = _corner(path.name)
    side = _SIZES.get(_size(path))
    if side is None:
        raise UnreadableFile(
            f"{path.name} holds {_size(path):,} bytes, and a height file holds {' or '.join(f'{size:,}' for size in _SIZES)}",
            hint="it is cut short, or another format: 1201 or 3601 posts a side, two bytes each",
        )
    step_deg = 1.0 / (side - 1)
    return Sheet(path, south_deg + 1.0, west_deg, step_deg, step_deg, side, side, lambda: _heights(path))


def _corner(name: str) -> tuple[float, float]:
    match = _NAME.match(name)
    swapped = re.match(r"[EW]\d{3}[NS]\d{2}", name, re.IGNORECASE)
    if not match:
        hint = "latitude comes first: N33E035.hgt" if swapped else "name it by its south-western post: N33E035.hgt"
        raise UnreadableFile(f"{name}: a height file's place is in its name, and this one has none", hint=hint)
    lat, lon = int(match[2]), int(match[4])
    south_deg = float(lat if match[1].upper() == "N" else -lat)
    west_deg = float(lon if match[3].upper() == "E" else -lon)
    if not (-90 <= south_deg <= 89 and -180 <= west_deg <= 179):
        raise UnreadableFile(
            f"{name}: a sheet from {south_deg:g}° and {west_deg:g}° on lies on no Earth",
            hint="check latitude and longitude in the name",
        )
    return south_deg, west_deg


def _size(path: Path) -> int:
    if path.suffix.lower() not in (".gz", ".zip"):
        return path.stat().st_size
    most = max(_SIZES) + 1  # read no further: a small archive may hold any number of bytes
    with _opened(path) as file:
        return len(file.read(most))


def _heights(path: Path) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    with _opened(path) as file:
        raw = file.read(max(_SIZES) + 1)
    side = isqrt(len(raw) // 2)
    if _SIZES.get(len(raw)) != side:
        raise UnreadableFile(f"{path.name} changed while it was read", hint="try again once it is written")
    heights = np.frombuffer(raw, ">i2").reshape(side, side)
    return heights, heights == VOID


class _opened:  # noqa: N801 - read as words: `with _opened(path) as file`
    """The file, its gzip stream, or the one height file of its archive; what is damaged is refused by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive: zipfile.ZipFile | None = None

    def __enter__(self) -> IO[bytes]:
        suffix = self.path.suffix.lower()
        try:
            self.file: IO[bytes] = self._member() if suffix == ".zip" else self._stream(suffix)
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise UnreadableFile(
                f"cannot open {self.path.name}: {error}", hint="check the file and its rights"
            ) from error
        return self.file

    def _stream(self, suffix: str) -> IO[bytes]:
        return cast(IO[bytes], gzip.open(self.path)) if suffix == ".gz" else self.path.open("rb")

    def _member(self) -> IO[bytes]:
        archive = zipfile.ZipFile(self.path)
        names = [name for name in archive.namelist() if name.lower().endswith(".hgt")]
        if len(names) != 1:
            archive.close()
            raise UnreadableFile(f"{self.path.name} holds {len(names)} height files", hint="one a file is read")
        self._archive = archive
        return archive.open(names[0])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.file.close()
        if self._archive is not None:
            self._archive.close()
        if isinstance(error, (OSError, EOFError, zlib.error, zipfile.BadZipFile)):
            raise UnreadableFile(f"{self.path.name} is damaged: {error}", hint="fetch it again") from error
