"""An arena's standing, made anew from its store: what a sequencer does when it starts, when a commit failed, when it takes over."""

from __future__ import annotations

import gc
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import ModuleType
from typing import Final

import msgspec

from detente.channel.acts import HOST_KINDS, KINDS, PUBLIC_KINDS, Body, NoticeBody, PublicBody, ViewBody
from detente.channel.alert import ALERT, alerted_of
from detente.channel.batch import Held
from detente.channel.drills import DRILLS, drills_of
from detente.channel.forms import ViewForm, VolumeForm, form_from, view_of, volumes_of
from detente.channel.open_items import stops_standing, words_waiting
from detente.channel.outlets import OUTLET, outlet_of
from detente.channel.receipts import of_view
from detente.channel.registry import Registry
from detente.channel.standing import Notified, Released, Standing, volume_us
from detente.channel.store import Store
from detente.channel.views import View
from detente.channel.watch import DEAD_MAN, WATCH, vigil_of, watch_of
from detente.domain import ReceiptStage, Volume4D
from detente.record.envelope import from_json
from detente.record.merkle import leaf_hash
from detente.record.tiles import HEIGHT, WIDTH, Frontier

_PAGE: Final = 1_000
_ALL_KINDS: Final = {**KINDS, **HOST_KINDS}


def load_registry(store: Store, arena: str) -> Registry:
    """The registry of an arena, from its public acts."""
    return follow_registry(store, arena, Registry.of(arena), 0)[0]


def follow_registry(store: Store, arena: str, registry: Registry, from_position: int) -> tuple[Registry, int]:
    """The registry after the public acts from a position on, and the position to go on from next time."""
    position = from_position
    while True:
        page = store.entries_of(arena, PUBLIC_KINDS, position, _PAGE)
        for entry in page:
            body = _body(entry.envelope)
            assert isinstance(body, PublicBody)
            registry = registry.then(entry.party, body)
        position = page[-1].position + 1 if page else position
        if len(page) < _PAGE:
            return registry, position


def load_standing(store: Store, arena: str, *, run: ModuleType | None = None) -> Standing:
    """Everything a sequencer needs to go on where the last one stopped.

    What was committed was verified before; it is read again, not verified again.

    Args:
        run: the kernels; the compiled ones when None.
    """
    standing = Standing(load_registry(store, arena), store.heads(arena), run=run)
    standing.lasts = {
        (entry.key_id, entry.audience): (entry.sequence, from_json(entry.envelope).digest)
        for entry in store.last_acts(arena)
    }
    standing.alerts = dict(map(alerted_of, store.due_of(arena, ALERT)))
    standing.drills = dict(map(drills_of, store.due_of(arena, DRILLS)))
    standing.vigils = dict(map(vigil_of, store.due_of(arena, DEAD_MAN)))
    standing.watches = dict(map(watch_of, store.due_of(arena, WATCH)))
    standing.outlets = {(o.party, o.outlet_id): o for o in map(outlet_of, store.due_of(arena, OUTLET))}
    standing.frontier = load_frontier(store, arena, standing.heads.next_position)
    for item in store.open_items(arena):
        standing.items.setdefault(item.party, {})[item.subject] = item
    standing.reached |= stops_standing(standing) | dict.fromkeys(words_waiting(standing), ReceiptStage.RECEIVED)
    shared = _Shared()
    with _uncollected(), closing(store.in_force(arena)) as rows:
        for held, raw in rows:
            _take_in(standing, held, _body(raw), shared)
    return standing


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that is loaded is garbage; to look for some among millions of values took two fifths of the time. Nor is it looked through again later."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


class _Shared:
    """Volumes as they were read last: a notice and its views in full follow one another, and say the same of where and when."""

    def __init__(self) -> None:
        self._forms: tuple[VolumeForm, ...] = ()
        self._volumes: tuple[Volume4D, ...] = ()

    def view_of(self, form: ViewForm) -> View:
        if form.volumes != self._forms:
            self._forms, self._volumes = form.volumes, volumes_of(form.volumes)
        return view_of(form, self._volumes)


def load_frontier(store: Store, arena: str, size: int) -> Frontier:
    """Where the log of so many entries goes on: of each level what does not fill a tile yet."""
    rows, level = [], 0
    while (count := size >> HEIGHT * level) or level == 0:
        width = count % WIDTH
        if level == 0:
            hashes = [leaf_hash(leaf) for leaf in store.leaves(arena, count - width, width)]
        else:
            hashes = store.tile_roots(arena, level - 1, count - width, width)
        assert len(hashes) == width, f"the log of {arena!r} lacks hashes of level {level}"
        rows.append(bytearray(b"".join(hashes)))
        level += 1
    return Frontier(size, rows)


def _take_in(standing: Standing, held: Held, body: Body, shared: _Shared) -> None:
    if isinstance(body, NoticeBody):
        view = shared.view_of(body.screening)
        releases = {r.recipient: Released(r.view_id, r.version) for r in body.releases}
        notified = Notified(view.version, releases, len(view.volumes), volume_us(view))
        standing.put_notice(held.sender, held.view_id, notified)
        standing.world(held.sender).hold_own(view)
        return
    assert isinstance(body, ViewBody)
    view = shared.view_of(body.view)
    standing.world(view.recipient).hold_view(held.sender, view)
    standing.reached[of_view(held.sender, view)] = ReceiptStage(held.stage)


def _body(raw: bytes) -> Body:
    """What an entry's envelope says. That it is canonical, and who signed it, was found out before it was committed: half of the work."""
    said = msgspec.json.decode(b64decode(msgspec.json.decode(raw)["payload"]))
    return form_from(said["body"], _ALL_KINDS[said["type"]])
