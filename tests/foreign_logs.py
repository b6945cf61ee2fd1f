"""Logs as files, written by our own code, and ways to tamper with them: what verifiers of others are shown."""

import base64
import json
import os
import shutil
from dataclasses import dataclass, field, replace

from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from detente.record.keys import SigningKey, verifier_line
from detente.record.leaf import leaf_data
from detente.record.merkle import inclusion_proof, leaf_hash
from detente.record.tiles import (
    ENTRIES,
    WIDTH,
    Frontier,
    TileAddress,
    TileReader,
    split_hashes,
    tile_path,
    tiles_of,
    write_bundle,
)

HOST, WITNESS, STRANGER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
ORIGIN, WITNESS_NAME = origin_of("levant"), "relief.example/witness"
COSIGNED_S = 1_537_209_540


def leaf(position):
    salt = position.to_bytes(4) * 8
    return leaf_data(salt, position, 1_537_209_540_000_000 + position, "receipt", b'{"payload":"%d"}' % position)


@dataclass(frozen=True)
class Case:
    """What a verifier is shown: a folder of tiles, the head, heads before it, and leaves at their places."""

    name: str
    folder: str
    checkpoint: str
    indices: tuple
    size: int
    before: tuple = ()
    vkey: str = verifier_line(ORIGIN, HOST.public)
    witnesses: tuple = ((WITNESS_NAME, WITNESS.public.text),)
    moved: dict = field(default_factory=dict)  # index: position of the leaf that is shown there

    def leaf_at(self, index):
        return leaf(self.moved.get(index, index))

    @property
    def for_go(self):
        return {
            "Name": self.name, "Dir": str(self.folder), "Vkey": self.vkey, "Checkpoint": self.checkpoint,
            "Witnesses": [{"Name": name, "Key": key} for name, key in self.witnesses], "Before": list(self.before),
            "Proofs": [{"Index": i, "Leaf": base64.b64encode(self.leaf_at(i)).decode()} for i in self.indices],
        }  # fmt: skip

    @property
    def for_javascript(self):
        """Proofs come from us: its library reads no tiles."""
        reader = TileReader(lambda tile: (self.folder / tile_path(tile)).read_bytes(), self.size)
        proofs = [
            {
                "index": i,
                "hashes": [base64.b64encode(each).decode() for each in inclusion_proof(i, self.size, reader.node)],
                "leaf": base64.b64encode(self.leaf_at(i)).decode(),
            }
            for i in self.indices
        ]
        key = base64.b64encode(base64.b64decode(self.vkey.split("+", 2)[2])[1:]).decode()
        return {"name": self.name, "origin": ORIGIN, "key": key, "checkpoint": self.checkpoint, "proofs": proofs}


def write_log(folder, size):
    """The files of a log of so many entries; its head, cosigned."""
    frontier, hashes = Frontier(), [leaf_hash(leaf(position)) for position in range(size)]
    levels = {(tile.level, tile.number): tile.hashes for tile in frontier.append(hashes)}
    for tile in tiles_of(size):
        raw = levels.get((tile.level, tile.number)) or bytes(frontier.rows[tile.level])
        put(folder / tile_path(tile), raw)
        if tile.level == 0:
            start = tile.number * WIDTH
            bundle = write_bundle([leaf(position) for position in range(start, start + tile.width)])
            put(folder / tile_path(TileAddress(ENTRIES, tile.number, tile.width)), bundle)
    head = Checkpoint(ORIGIN, size, frontier.root())
    note = sign_checkpoint(head, HOST).signed_also(cosign(head, WITNESS_NAME, WITNESS, COSIGNED_S))
    put(folder / "checkpoint", note.raw)
    return note.raw.decode()


def put(path, raw):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be another log's too
    path.write_bytes(raw)


def copied(log, folder):
    """The same files under another name; one that is put anew leaves the other log as it is."""
    shutil.copytree(log, folder, copy_function=os.link)
    return folder


def good_cases(root, sizes):
    """Logs of these sizes, each with the heads of all smaller ones."""
    heads = {size: write_log(root / str(size), size) for size in sizes}
    for size, head in heads.items():
        indices = sorted({0, 1, size // 2, size - 2, size - 1, *range(254, 259), 65_535, 65_536} & set(range(size)))
        before = tuple(text for smaller, text in heads.items() if smaller <= size)
        yield Case(f"{size} entries", root / str(size), head, tuple(indices), size, before)


def flipped(raw, bit):
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def tampered_cases(root, good):
    """Each with one thing wrong, of a log of more than 256 entries, so that there are tiles above tiles."""
    size = good.size

    def files(name, **changes):
        folder = copied(good.folder, root / f"{size} {name}")
        for path, raw in changes.items():
            put(folder / path, raw)
        return replace(good, name=f"{size}: {name}", folder=folder)

    first, second = (
        tile_path(TileAddress(0, 0)),
        next(tile_path(t) for t in tiles_of(size) if (t.level, t.number) == (0, 1)),
    )
    hashes = (good.folder / first).read_bytes()
    zero, one, *rest = split_hashes(hashes)
    yield files("a hash of the first tile with a bit flipped", **{first: flipped(hashes, 8 * 32 * 255)})
    yield files("the first tile cut short", **{first: hashes[:-32]})
    yield files(
        "the first tile with two hashes swapped",
        **{first: b"".join([one, zero, *rest])},
    )
    if len((good.folder / second).read_bytes()) == len(hashes):
        yield files("two tiles swapped", **{first: (good.folder / second).read_bytes(), second: hashes})
    top = next(tile for tile in tiles_of(size) if tile.level == 1)
    above = (good.folder / tile_path(top)).read_bytes()
    yield files("a hash of the tile above with a bit flipped", **{tile_path(top): flipped(above, 3)})
    yield replace(good, name=f"{size}: a leaf shown at another's place", moved={0: 1})
    lines = good.checkpoint.split("\n")
    yield replace(
        good, name=f"{size}: a smaller size in the head", checkpoint="\n".join([lines[0], str(size - 1), *lines[2:]])
    )
    root_hash = base64.b64encode(flipped(base64.b64decode(lines[2]), 77)).decode()
    yield replace(
        good, name=f"{size}: another root in the head", checkpoint="\n".join([*lines[:2], root_hash, *lines[3:]])
    )
    for bit in (0, 40, 300):
        name, _, sig = lines[4].rpartition(" ")
        raw = base64.b64encode(flipped(base64.b64decode(sig), 32 + bit)).decode()
        yield replace(
            good,
            name=f"{size}: bit {bit} of the signature",
            checkpoint="\n".join([*lines[:4], f"{name} {raw}", *lines[5:]]),
        )
    yield replace(good, name=f"{size}: another host's key", vkey=verifier_line(ORIGIN, STRANGER.public))
    head = Checkpoint(ORIGIN, size, base64.b64decode(lines[2]))
    forged = sign_checkpoint(head, STRANGER).raw.decode()
    yield replace(good, name=f"{size}: signed by a stranger", checkpoint=forged)


def cosignature_cases(good):
    """What is wrong with the witness alone."""
    lines = good.checkpoint.split("\n")
    name, _, line = lines[5].rpartition(" ")
    raw = base64.b64decode(line)
    later = raw[:4] + (COSIGNED_S + 1).to_bytes(8) + raw[12:]
    yield replace(
        good,
        name="a cosignature with another time",
        checkpoint="\n".join([*lines[:5], f"{name} {base64.b64encode(later).decode()}", *lines[6:]]),
    )
    yield replace(good, name="no cosignature", checkpoint="\n".join([*lines[:5], *lines[6:]]))
    yield replace(good, name="another witness's key", witnesses=((WITNESS_NAME, STRANGER.public.text),))


def before_cases(good):
    """A head before that this log does not go on from, signed by its own host."""
    other = Checkpoint(ORIGIN, 200, bytes(32))
    yield replace(good, name="a head of another story before it", before=(sign_checkpoint(other, HOST).raw.decode(),))


def as_json(cases):
    return json.dumps(cases)
