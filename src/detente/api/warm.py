"""Has the kernels compiled before anybody waits for them: the first decision on a machine would otherwise take up to a minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from detente.channel.agreements import default_rules
from detente.channel.views import make_view
from detente.channel.world import World, with_defaults
from detente.domain import (
    Activity,
    AltitudeBand,
    Circle,
    Notice,
    Polygon,
    Position,
    ReleaseGrids,
    ReleaseLevel,
    TimeWindow,
    Volume4D,
    amsl,
)

SLOW_S: Final = 2.0


def warm_kernels() -> None:
    """Decides something small once, with everything that a decision may call: polygons and circles, full and general views, expiry."""
    world = World("A", with_defaults(default_rules(())))
    corners = (Position(34.0, 36.0), Position(34.0, 36.2), Position(34.2, 36.1))
    footprints = (Circle(Position(34.1, 36.1), 2_000.0), Polygon(corners, ()))
    band, window = AltitudeBand(amsl(1_000.0), amsl(2_000.0)), TimeWindow(0, 3_600_000_000)
    volumes = tuple(Volume4D(footprint, band, window) for footprint in footprints)
    notice = Notice("N", "B", Activity.AIR_OPERATION, volumes)
    for view_id, level in (("1" * 32, ReleaseLevel.FULL), ("2" * 32, ReleaseLevel.GENERAL)):
        view = make_view(notice, level, ReleaseGrids(), recipient="A", view_id=view_id, version=1, commitment="0" * 64)
        world.put_own(view)
        world.put_view("B", view)
    assert world.of_own("1" * 32)
    world.expire(10**18)


def warm_up(say: Callable[[str], object], *, slow_after_s: float = SLOW_S) -> None:
    """`warm_kernels`, and a word to whoever waits where it takes longer than they would expect."""
    from threading import Timer

    timer = Timer(slow_after_s, say, ["compiling the kernels, once on this machine: up to a minute …"])
    timer.daemon = True
    timer.start()
    try:
        warm_kernels()
    finally:
        timer.cancel()
