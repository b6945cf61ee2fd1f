"""What a cover takes for granted, in sentences: they stand in everything that is made of it."""

from __future__ import annotations

from detente.domain import WORLD_PRESSURE, AltitudeLimit, AltitudeReference
from detente.geodesy.wgs84 import SMALLEST_CURVATURE_RADIUS_M
from detente.hazard.cover import Cover

UPPER_BOUND = "UPPER BOUND: where something could be seen from the stated place at most, never where it would be. It says nothing of what is there."
_METRES_A_SECOND_OF_ARC = SMALLEST_CURVATURE_RADIUS_M * 3.141592653589793 / 180 / 3600


def assumptions(cover: Cover, altitude: AltitudeLimit | None = None) -> tuple[str, ...]:
    """What the cover, or the cover at that altitude, stands on."""
    said = [
        "Air bends radio waves as on an Earth of 4/3 of its radius (of its largest radius of curvature); in ducts, common over warm seas, radars see further than this.",
        "Nothing weakens what is seen: no clutter, no buildings or trees beyond what the terrain holds, no power, no beam, no minimum elevation.",
        _place(cover),
        _terrain(cover),
        f"Where no terrain is stated, the ground lies nowhere below {cover.smooth_amsl_m:.0f} m AMSL, and a smooth Earth alone hides; so it is in {_percent(cover.unstated_count, cover.cell_count)} of the cells.",
        "Mean sea level is taken as level with the ellipsoid within the range; the geoid's own slope is left out.",
        f"The declared range of {cover.range_m / 1000:g} km is taken along the slant. Altitudes are held to the metre, rounded to the safe side; cells are {cover.ring_m:.0f} m.",
    ]
    return (*said, *_of_altitude(altitude))


def _place(cover: Cover) -> str:
    antenna = cover.antenna
    height = f"the antenna at {antenna.altitude}, at most {cover.antenna_amsl_m:.0f} m AMSL"
    if antenna.off_by_m == 0.0:
        return f"The place is taken as exact; {height}."
    off = (
        f"{antenna.off_by_m / 1000:g} km"
        if antenna.off_by_m >= 1000
        else f"{antenna.off_by_m:.0f} m"
        if antenna.off_by_m >= 1
        else "1 m"
    )
    return f"The place is good to {off}, and the cover holds for every place within that; {height}."


def _terrain(cover: Cover) -> str:
    if not cover.terrain_sources:
        return "No terrain is stated: nothing hides but the Earth itself."
    files = ", ".join(cover.terrain_sources[:4])
    more = f" and {len(cover.terrain_sources) - 4} more" if len(cover.terrain_sources) > 4 else ""
    posting_m = cover.posting_deg * 3600 * _METRES_A_SECOND_OF_ARC
    error = f", good to {cover.terrain_error_m:g} m" if cover.terrain_error_m else ", its heights taken as exact"
    return (
        f"Terrain from {files}{more}, a post every {posting_m:.0f} m or closer{error}; between posts the ground lies nowhere below the lowest of those around. "
        "What it counts as ground hides."
    )


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    return "all" if part == whole else "none" if part == 0 else f"{share:.1f} %" if share >= 0.1 else "less than 0.1 %"


def _of_altitude(altitude: AltitudeLimit | None) -> tuple[str, ...]:
    match altitude.reference if altitude else None:
        case AltitudeReference.FL:
            air = f"{WORLD_PRESSURE.lowest_hpa:g} to {WORLD_PRESSURE.highest_hpa:g} hPa at sea level"
            return (f"{altitude} counts as the highest it may be found at, in air of {air}.",)
        case AltitudeReference.AGL:
            return (
                f"{altitude} counts from the highest ground of each cell; where no ground is stated, nothing at it is hidden.",
            )
    return ()
