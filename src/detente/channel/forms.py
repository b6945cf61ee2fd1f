"""Volumes, notices, views and understandings as they stand in signed payloads: JSON, strict, exact, back and forth.

Unlike a file of plans (`interop`), nothing here is read leniently: no text that has to be understood, no unknown member, no
default that is not written here. Latitude comes before longitude. Numbers are metres, degrees, seconds and whole microseconds
since 1970 UTC; an open side is null, and a side that was not stated says so. `volume_of(volume_form(v)) == v` for every volume.
"""

from math import inf
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from detente.channel.views import View
from detente.domain import (
    Activity,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Assumption,
    Circle,
    Corridor,
    Footprint,
    HumanitarianDetails,
    Marking,
    MultiPolygon,
    Notice,
    NotUnderstood,
    Orbit,
    Polygon,
    Position,
    ReleaseLevel,
    Ring,
    TimeWindow,
    Uncertainty,
    Understanding,
    Volume4D,
    at,
)
from detente.domain.window import OPEN_END_US, OPEN_START_US

T = TypeVar("T")
PlaceForm: TypeAlias = tuple[float, float]  # latitude_deg, longitude_deg
RingForm: TypeAlias = tuple[PlaceForm, ...]
ReferenceForm: TypeAlias = Literal["HAE", "AMSL", "AGL", "FL", "UNL", "UNSTATED"]


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every form is: frozen, and closed to members that it does not name."""


class PolygonForm(Form, frozen=True, tag_field="shape", tag="polygon"):
    """A ring of corners and its holes; the first corner is not repeated."""

    shell: RingForm
    holes: tuple[RingForm, ...] = ()


class PartForm(Form, frozen=True):
    """One polygon of a multipolygon."""

    shell: RingForm
    holes: tuple[RingForm, ...] = ()


class MultiPolygonForm(Form, frozen=True, tag_field="shape", tag="multipolygon"):
    """Several polygons that count as one."""

    parts: tuple[PartForm, ...]


class CircleForm(Form, frozen=True, tag_field="shape", tag="circle"):
    """A centre and a radius."""

    centre: PlaceForm
    radius_m: float


class CorridorForm(Form, frozen=True, tag_field="shape", tag="corridor"):
    """A centre line and half the width."""

    centre_line: RingForm
    half_width_m: float
    ends: Literal["round", "square"] = "round"


class OrbitForm(Form, frozen=True, tag_field="shape", tag="orbit"):
    """Two anchors, the width between the legs, and where the second leg lies."""

    first: PlaceForm
    second: PlaceForm
    width_m: float
    alignment: Literal["left", "centre", "right"] = "centre"


FootprintForm: TypeAlias = PolygonForm | MultiPolygonForm | CircleForm | CorridorForm | OrbitForm


class LimitForm(Form, frozen=True):
    """One side of a band; `value_m` is null exactly for UNL and UNSTATED."""

    reference: ReferenceForm
    value_m: float | None = None


class WindowForm(Form, frozen=True):
    """From start to end; null is open."""

    start_us: int | None
    end_us: int | None
    start_stated: bool = True
    end_stated: bool = True


class VolumeForm(Form, frozen=True):
    """Footprint × altitude × time, and how sure they are."""

    footprint: FootprintForm
    altitude_lower: LimitForm
    altitude_upper: LimitForm
    window: WindowForm
    position_uncertainty_m: float = 0.0
    altitude_uncertainty_m: float = 0.0
    time_uncertainty_s: float = 0.0


# ── there ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def volume_form(volume: Volume4D) -> VolumeForm:
    """The form of a volume."""
    window = volume.window
    return VolumeForm(
        footprint=_footprint_form(volume.footprint),
        altitude_lower=_limit_form(volume.altitude.lower),
        altitude_upper=_limit_form(volume.altitude.upper),
        window=WindowForm(
            None if window.start_us <= OPEN_START_US else window.start_us,
            None if window.end_us >= OPEN_END_US else window.end_us,
            window.start_stated,
            window.end_stated,
        ),
        position_uncertainty_m=volume.uncertainty.position_m,
        altitude_uncertainty_m=volume.uncertainty.altitude_m,
        time_uncertainty_s=volume.uncertainty.time_s,
    )


def _footprint_form(footprint: Footprint) -> FootprintForm:
    match footprint:
        case Polygon(shell, holes):
            return PolygonForm(_ring_form(shell), tuple(map(_ring_form, holes)))
        case MultiPolygon(parts):
            return MultiPolygonForm(
                tuple(PartForm(_ring_form(p.shell), tuple(map(_ring_form, p.holes))) for p in parts)
            )
        case Circle(centre, radius_m):
            return CircleForm(_place_form(centre), radius_m)
        case Corridor(centre_line, half_width_m, ends):
            return CorridorForm(_ring_form(centre_line), half_width_m, ends)
        case Orbit(first, second, width_m, alignment):
            return OrbitForm(_place_form(first), _place_form(second), width_m, alignment)


def _place_form(position: Position) -> PlaceForm:
    return position.latitude_deg, position.longitude_deg


def _ring_form(ring: Ring) -> RingForm:
    return tuple(map(_place_form, ring))


def _limit_form(limit: AltitudeLimit) -> LimitForm:
    return LimitForm(limit.reference.value, None if abs(limit.value_m) == inf else limit.value_m)


# ── and back ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def volume_of(form: VolumeForm) -> Volume4D:
    """The volume of a form.

    Raises:
        InvalidVolume, NotUnderstood: what it says cannot be; `where` names the member.
    """
    with at("altitude"):
        altitude = AltitudeBand(_limit_of(form.altitude_lower, -inf), _limit_of(form.altitude_upper, inf))
    with at("footprint"):
        footprint = _footprint_of(form.footprint)
    with at("window"):
        window = _window_of(form.window)
    uncertainty = Uncertainty(form.position_uncertainty_m, form.altitude_uncertainty_m, form.time_uncertainty_s)
    return Volume4D(footprint, altitude, window, uncertainty)


def _footprint_of(form: FootprintForm) -> Footprint:
    match form:
        case PolygonForm(shell, holes):
            return Polygon(_ring_of(shell), tuple(map(_ring_of, holes)))
        case MultiPolygonForm(parts):
            return MultiPolygon(tuple(Polygon(_ring_of(p.shell), tuple(map(_ring_of, p.holes))) for p in parts))
        case CircleForm(centre, radius_m):
            return Circle(Position(*centre), radius_m)
        case CorridorForm(centre_line, half_width_m, ends):
            return Corridor(_ring_of(centre_line), half_width_m, ends)
        case OrbitForm(first, second, width_m, alignment):
            return Orbit(Position(*first), Position(*second), width_m, alignment)


def _ring_of(form: RingForm) -> Ring:
    return tuple(Position(*place) for place in form)


def _limit_of(form: LimitForm, open_m: float) -> AltitudeLimit:
    reference = AltitudeReference(form.reference)
    is_open = reference in (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)
    if is_open != (form.value_m is None):
        raise NotUnderstood(
            f"an altitude limit {form.reference} with value_m {form.value_m}",
            hint="UNL and UNSTATED have no value, all others have one",
        )
    return AltitudeLimit(open_m if form.value_m is None else form.value_m, reference)


def _window_of(form: WindowForm) -> TimeWindow:
    for stated, side_us, name in (
        (form.start_stated, form.start_us, "start"),
        (form.end_stated, form.end_us, "end"),
    ):
        if not stated and side_us is not None:
            raise NotUnderstood(f"{name}_us is {side_us} and said to be not stated", hint="leave it null, or state it")
    return TimeWindow(
        OPEN_START_US if form.start_us is None else form.start_us,
        OPEN_END_US if form.end_us is None else form.end_us,
        form.start_stated,
        form.end_stated,
    )


# ── notices and views ────────────────────────────────────────────────────────────────────────────────────────────────


class NoticeForm(Form, frozen=True):
    """A whole notice: what a commitment commits to."""

    reference: str
    party: str
    activity: Activity
    volumes: tuple[VolumeForm, ...]
    title: str
    stated_place: str
    declared_by: str
    assumptions: tuple[Assumption, ...]
    details: HumanitarianDetails | None
    expires_us: int | None
    revalidate_us: int | None


def notice_form(notice: Notice) -> NoticeForm:
    """The form of a notice; where it was read (`source`) is no part of it."""
    shared = {name: getattr(notice, name) for name in NoticeForm.__struct_fields__ if name != "volumes"}
    return NoticeForm(volumes=tuple(map(volume_form, notice.volumes)), **shared)


def notice_of(form: NoticeForm) -> Notice:
    """The notice of a form.

    Raises:
        InvalidVolume, NotUnderstood: as `volume_of`.
    """
    shared = {name: getattr(form, name) for name in NoticeForm.__struct_fields__ if name != "volumes"}
    return Notice(volumes=volumes_of(form.volumes), **shared)


class ViewForm(Form, frozen=True):
    """A view, as its sender signs it. Every member always stands there, so that equal views have equal sizes."""

    view_id: str
    version: int
    recipient: str
    level: ReleaseLevel
    activity: Activity
    volumes: tuple[VolumeForm, ...]
    commitment: str
    generaliser: int
    marking: Marking
    reference: str
    title: str
    stated_place: str
    declared_by: str
    assumptions: tuple[Assumption, ...]
    details: HumanitarianDetails | None
    expires_us: int | None
    revalidate_us: int | None


def view_form(view: View) -> ViewForm:
    """The form of a view."""
    shared = {name: getattr(view, name) for name in ViewForm.__struct_fields__ if name != "volumes"}
    return ViewForm(volumes=tuple(map(volume_form, view.volumes)), **shared)


def view_of(form: ViewForm, volumes: tuple[Volume4D, ...] | None = None) -> View:
    """The view of a form.

    Args:
        volumes: those of the form, where they were made before.
    Raises:
        InvalidVolume, NotUnderstood: as `volume_of`, or it shows what its level hides.
    """
    shared = {name: getattr(form, name) for name in ViewForm.__struct_fields__ if name != "volumes"}
    return View(volumes=volumes_of(form.volumes) if volumes is None else volumes, **shared)


def volumes_of(forms: tuple[VolumeForm, ...]) -> tuple[Volume4D, ...]:
    """The volumes of forms; `volume_of` each, and `where` names which."""
    volumes = []
    for index, form in enumerate(forms):
        with at(f"volumes[{index}]"):
            volumes.append(volume_of(form))
    return tuple(volumes)


# ── understandings ───────────────────────────────────────────────────────────────────────────────────────────────────


def understanding_plain(understanding: Understanding) -> Any:
    """An understanding as plain JSON values: its members are those of `domain.Understanding` and of what it is made of."""
    return plain(understanding)


def understanding_of(raw: Any) -> Understanding:
    """The understanding of plain JSON values.

    A member that it lacks has its default: one signed before the member was known stays readable. What is signed is the bytes,
    so that no default may ever change; and whoever proposes one writes every member out.

    Raises:
        NotUnderstood: something is missing, of the wrong type or not known; `where` names it.
        InvalidVolume: a value cannot be.
    """
    understanding = form_from(raw, Understanding)
    if not _holds(understanding_plain(understanding), raw):
        raise NotUnderstood("the understanding has members that are not known", hint="see docs/understanding.md")
    return understanding


def _holds(whole: Any, part: Any) -> bool:
    """Whether all that is said in one is said in the other; members may be missing, at any depth."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and _holds(whole[name], value) for name, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_holds, whole, part))
    return bool(whole == part)


# ── any form ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def form_from(raw: Any, kind: type[T]) -> T:
    """Decoded JSON as a form.

    Raises:
        NotUnderstood: it is none of this kind; the message names the member.
    """
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise NotUnderstood(what, where=where.strip("`.")) from error


def plain(form: Any) -> Any:
    """A form, or a value of the domain, as dicts, lists, strings, numbers, booleans and null: what canonical JSON is made of."""
    return msgspec.json.decode(msgspec.json.encode(form))
