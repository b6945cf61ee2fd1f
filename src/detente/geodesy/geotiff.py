"""Ground elevation from GeoTIFF: one band, WGS 84 latitudes and longitudes, north up, metres above mean sea level. All else is refused by name.

Needs `tifffile` (`pip install 'detente[terrain]'`). Source: OGC GeoTIFF 1.1 (https://docs.ogc.org/is/19-008r4/19-008r4.html); GDAL's nodata tag 42113
(https://gdal.org/en/stable/drivers/raster/gtiff.html).
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import DetenteError, TooLarge, UnreadableFile
from detente.geodesy.elevation import MOST_POSTS, Sheet

SUFFIXES: Final = (".tif", ".tiff")
_GEOGRAPHIC, _WGS84, _POINT, _DEGREE, _METRE = 2, 4326, 2, 9102, 9001
_ABOVE_THE_SEA: Final = {5714: "mean sea level", 5773: "EGM96", 3855: "EGM2008", 5798: "EGM84"}
_GDAL_NODATA: Final = 42_113
_WARP: Final = "convert it: gdalwarp -t_srs EPSG:4326 IN.tif OUT.tif"


def open_geotiff(path: Path) -> Sheet:
    """The sheet that the file's tags say it is; its heights are read later.

    Raises:
        UnreadableFile: not a GeoTIFF, or one of another reference, unit or make than stated above.
        TooLarge: more posts than we are willing to hold.
    """
    page_tags, shape = _tags(path)
    if len(shape) != 2:
        raise _refused(path, f"has the shape {shape}, not one band", "keep the band of elevations: gdal_translate -b 1")
    rows, columns = shape
    if rows * columns > MOST_POSTS:
        raise TooLarge(
            f"{path.name} holds {rows * columns:,} posts; the limit is {MOST_POSTS:,}", hint="cut it into tiles"
        )
    if min(rows, columns) < 2:
        raise _refused(path, f"has {rows} × {columns} posts, and no ground lies between them", "give a grid")
    _check_reference(path, page_tags)
    lat, lon, step_lat, step_lon = _placed(path, page_tags)
    sheet = Sheet(path, lat, lon, step_lat, step_lon, rows, columns, lambda: _heights(path))
    slack = step_lat / 2 + 1e-9
    if not (-90 - slack <= sheet.south_deg and sheet.north_deg <= 90 + slack):
        what = f"reaches from {sheet.south_deg:g}° to {sheet.north_deg:g}° of latitude"
        raise _refused(path, what, "latitude and longitude may be swapped")
    if not (-180.5 <= sheet.west_deg <= 360 and sheet.east_deg - sheet.west_deg <= 360):
        raise _refused(path, f"reaches from {sheet.west_deg:g}° to {sheet.east_deg:g}° of longitude", _WARP)
    return sheet


def _refused(path: Path, what: str, hint: str) -> UnreadableFile:
    return UnreadableFile(f"{path.name} {what}", hint=hint)


def _tifffile() -> Any:
    try:
        import tifffile
    except ImportError as error:
        raise DetenteError("GeoTIFF needs the package tifffile", hint="pip install 'detente[terrain]'") from error
    return tifffile


class _page:  # noqa: N801 - read as words: `with _page(path) as page`
    """The first image of the file; whatever the library makes of a damaged one is a refusal."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Any:
        tifffile = _tifffile()
        try:
            self.file = tifffile.TiffFile(self.path)
        except (OSError, tifffile.TiffFileError, ValueError) as error:
            raise _refused(self.path, f"is not a TIFF we can read: {error}", "check the file") from error
        full = [
            page for page in self.file.pages[:64] if not getattr(page, "subfiletype", 0) & 5
        ]  # not overviews or masks
        if len(full) != 1:
            self.file.close()
            raise _refused(self.path, f"holds {len(full)} images", "give one a file")
        return full[0]

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.file.close()
        if error is not None and not isinstance(error, DetenteError) and isinstance(error, Exception):
            hint = "it may be damaged, or packed in a way that is not read: gdal_translate -co COMPRESS=DEFLATE IN.tif OUT.tif"
            raise _refused(self.path, f"cannot be read: {error}", hint) from error


def _tags(path: Path) -> tuple[dict[str, Any], tuple[int, ...]]:
    with _page(path) as page:
        return dict(page.geotiff_tags or {}), tuple(page.shape)


def _check_reference(path: Path, tags: dict[str, Any]) -> None:
    if not tags:
        raise _refused(path, "has no geographic tags: where it lies is not stated", _WARP)
    if tags.get("GTModelTypeGeoKey") != _GEOGRAPHIC:
        raise _refused(
            path, f"is on a map projection ({_said(tags.get('ProjectedCSTypeGeoKey'))}), not in degrees", _WARP
        )
    if tags.get("GeographicTypeGeoKey") != _WGS84:
        raise _refused(path, f"is in the datum {_said(tags.get('GeographicTypeGeoKey'))}, not WGS 84 (4326)", _WARP)
    if tags.get("GeogAngularUnitsGeoKey", _DEGREE) != _DEGREE:
        raise _refused(path, f"is in the angle unit {_said(tags['GeogAngularUnitsGeoKey'])}, not degrees", _WARP)
    vertical = tags.get("VerticalGeoKey", tags.get("VerticalCSTypeGeoKey"))
    if vertical is not None and int(vertical) not in _ABOVE_THE_SEA:
        what = f"has heights above {_said(vertical)}, not above mean sea level"
        raise _refused(path, what, f"known are {', '.join(f'{name} ({key})' for key, name in _ABOVE_THE_SEA.items())}")
    if int(tags.get("VerticalUnitsGeoKey", _METRE)) != _METRE:
        raise _refused(
            path, f"has heights in the unit {_said(tags['VerticalUnitsGeoKey'])}, not metres", "convert them"
        )


def _said(key: object) -> str:
    number = getattr(key, "value", key)
    return "that is not named" if number in (None, 32_767) else f"EPSG {number}"


def _placed(path: Path, tags: dict[str, Any]) -> tuple[float, float, float, float]:
    """Where the first post stands (latitude, longitude) and the steps, degrees. Cells that stand for areas have their post in the middle."""
    scale, tie = tags.get("ModelPixelScale"), tags.get("ModelTiepoint")
    if "ModelTransformation" in tags or scale is None or tie is None or len(tie) != 6:
        raise _refused(path, "is rotated, sheared or tied at several points, not north up", _WARP)
    step_lon, step_lat = float(scale[0]), float(scale[1])
    column, row, _, lon, lat, _ = (float(value) for value in tie)
    if not (
        0 < step_lon < 90 and 0 < step_lat < 90 and isfinite(lat + lon + row + column)
    ):  # in this order, NaN is refused too
        raise _refused(path, f"has steps of {step_lat} and {step_lon} degrees", _WARP)
    middle = 0.0 if tags.get("GTRasterTypeGeoKey") == _POINT else 0.5
    return lat + (row - middle) * step_lat, lon - (column - middle) * step_lon, step_lat, step_lon


def _heights(path: Path) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    with _page(path) as page:
        heights = np.asarray(page.asarray())
        stated = page.tags.get(_GDAL_NODATA)
        nodata = None if stated is None else float(str(stated.value).strip("\0 "))
    if heights.dtype.kind not in "iuf":
        raise _refused(path, f"holds {heights.dtype}, not heights", "give integers or floating point numbers")
    void = ~np.isfinite(heights) if heights.dtype.kind == "f" else np.zeros(heights.shape, bool)
    if nodata is not None:
        void |= heights == nodata
    if heights.dtype.kind in "if":
        void |= heights == VOID_OF_SRTM
    return heights, void


VOID_OF_SRTM: Final = -32_768  # kept by many who convert it and leave the tag out; no ground lies there
