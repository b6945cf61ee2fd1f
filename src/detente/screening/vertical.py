"""How far two altitude bands are apart, as an interval: what was stated, and the least it may be.

Limits in one reference are compared in it. Across references both are taken to metres above the ellipsoid, outward, and what
only the margin of that conversion brings together is POSSIBLE. The surface as a lower limit has nothing airborne below it, so
it meets every band of a volume that is not under ground, whatever that band is measured from. In the same way a volume that is not
under ground ends at the ground or above it, so what begins 100 m above the ground begins 100 m above the other's upper limit at most:
higher ground is ground where the other could not be.
"""

from __future__ import annotations

from math import inf
from typing import Final, TypeAlias

from detente.domain import AltitudeLimit, AltitudeReference, Arena
from detente.screening.shape import Shape

RESOLUTION_M: Final = 0.001  # FL and feet are not exact in binary; below this a difference counts as touching

Interval: TypeAlias = tuple[float, float]

_OPEN: Final = (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)


def gap_m(
    lower: AltitudeLimit, upper: AltitudeLimit, shapes: tuple[Shape, Shape], arena: Arena, *, both_above_ground: bool
) -> Interval:
    """How far `lower` lies above `upper`, metres: the least and the most it may be; negative where it lies below.

    Args:
        shapes: where `lower` and `upper` hold.
        both_above_ground: neither volume reaches under the surface.
    Errs: outward; the interval holds every value the stated limits allow, the two over one ground.
    """
    if AltitudeReference.UNSTATED in (lower.reference, upper.reference):
        return -inf, inf
    if AltitudeReference.UNLIMITED in (lower.reference, upper.reference):
        return -inf, -inf
    if lower.reference is upper.reference:
        return lower.value_m - upper.value_m, lower.value_m - upper.value_m
    if lower.is_surface and both_above_ground:
        return -inf, -inf
    from detente.geodesy.altitudes import hae_bounds_m  # the geoid is read only where references differ

    lower_least, lower_most = hae_bounds_m(lower, *shapes[0].box_deg, arena)
    upper_least, upper_most = hae_bounds_m(upper, *shapes[1].box_deg, arena)
    least, most = lower_least - upper_most, lower_most - upper_least
    if lower.reference is AltitudeReference.AGL and both_above_ground:
        most = min(most, max(least, lower.value_m))
    return least, most


def crosses_references(lower: AltitudeLimit, upper: AltitudeLimit) -> bool:
    """Whether comparing the two takes a conversion, and so a margin."""
    return lower.reference is not upper.reference and not (lower.reference in _OPEN or upper.reference in _OPEN)
