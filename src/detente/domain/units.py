"""Exact unit factors. A length in the core is in metres and says so in its name."""

from typing import Final

METRES_PER_FOOT: Final = 0.3048  # international foot, exact since 1959
METRES_PER_NAUTICAL_MILE: Final = 1852.0  # exact, First International Extraordinary Hydrographic Conference, 1929
METRES_PER_STATUTE_MILE: Final = 1609.344  # exact
METRES_PER_FLIGHT_LEVEL: Final = 100 * METRES_PER_FOOT
METRES_PER_SECOND_PER_KNOT: Final = METRES_PER_NAUTICAL_MILE / 3600
MICROSECONDS_PER_SECOND: Final = 1_000_000

# Past these a minimum or an uncertainty says nothing more, and sums of a few stay within int64 microseconds.
LARGEST_LATERAL_M: Final = 20_100_000.0  # half way round the Earth
LARGEST_VERTICAL_M: Final = 1_100_000.0  # from the deepest to the highest altitude there is
LARGEST_TIME_S: Final = 100 * 365.25 * 86_400
