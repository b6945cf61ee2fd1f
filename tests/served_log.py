"""Somebody outside who has only what the server serves of its log, and believes none of it: every head is checked against all before."""

import httpx

from detente.record.checkpoint import open_checkpoint, origin_of
from detente.record.leaf import leaf_data
from detente.record.merkle import check_consistency, check_inclusion, consistency_proof, inclusion_proof, leaf_hash
from detente.record.tiles import ENTRIES, TileAddress, TileReader, read_bundle, tile_path, tiles_of


class Outsider:
    """Follows a log through HTTP. `get` fetches a path below the log: bytes, or None where there is nothing."""

    def __init__(self, get, arena, host_key):
        self.get, self.origin, self.host_key = get, origin_of(arena), host_key
        self.heads = []

    def look(self):
        """The latest head, after checking that it goes on from every one seen before. None before there is any."""
        raw = self.get("checkpoint")
        if raw is None:
            return None
        head, _ = open_checkpoint(raw, self.origin, self.host_key)
        reader = TileReader(lambda tile: self.get(tile_path(tile)), head.tree_size)
        for before in self.heads:
            proof = consistency_proof(before.tree_size, head.tree_size, reader.node)
            check_consistency(before.tree_size, before.root_hash, head.tree_size, head.root_hash, proof)
        if head not in self.heads:
            self.heads.append(head)
        return head

    def check_holds(self, head, opening):
        """That an opened entry is the leaf at its place in the tree."""
        raw = leaf_data(
            bytes.fromhex(opening["salt"]), opening["position"], opening["received_us"], opening["kind"],
            opening["envelope"].encode(),
        )  # fmt: skip
        reader = TileReader(lambda tile: self.get(tile_path(tile)), head.tree_size)
        proof = inclusion_proof(opening["position"], head.tree_size, reader.node)
        check_inclusion(leaf_hash(raw), opening["position"], head.tree_size, head.root_hash, proof)

    def leaves(self, head):
        """Every leaf of the tree, from its bundles."""
        found = []
        for tile in tiles_of(head.tree_size):
            if tile.level == 0:
                found += read_bundle(self.get(tile_path(TileAddress(ENTRIES, tile.number, tile.width))))
        return found


def over_http(http, arena):
    """`get` for an `Outsider`: through a client of the server."""

    def get(path):
        answer = http.get(f"/arenas/{arena}/log/{path}")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.content

    return get
