"""The slow, obvious definition of what screening computes, to be believed by reading it.

Independent of the code it judges: of the package it imports only `detente.domain`. Lengths, azimuths and areas come from
GeographicLib's algorithms as PROJ carries them (`pyproj.Geod`); `test_oracle.py` holds those to the pure Python GeographicLib,
to published geodesics and to closed forms.
"""

from oracle.lateral import lateral_distance_m
from oracle.meeting import Allowed, allowed_answers

__all__ = ["Allowed", "allowed_answers", "lateral_distance_m"]
