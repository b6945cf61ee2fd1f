"""Exact unit factors. A length in the core is in metres and says so in its name."""

from typing import Final

METRES_PER_FOOT: Final = 0.3048  # international foot, exact since 1959
METRES_PER_NAUTICAL_MILE: Final = 1852.0  # exact, First International Extraordinary Hydrographic Conference, 1929
METRES_PER_STATUTE_MILE: Final = 1609.344  # exact
METRES_PER_FLIGHT_LEVEL: Final = 100 * METRES_PER_FOOT
METRES_PER_SECOND_PER_KNOT: Final = METRES_PER_NAUTICAL_MILE / 3600
MICROSECONDS_PER_SECOND: Final = 1_000_000
