"""A party's own signature: each act the next of its key for its audience. The key stays with whoever runs this."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detente.channel.acts import Body
from detente.channel.forms import plain
from detente.record.act import Act, SeenCheckpoint, sign_act
from detente.record.envelope import Envelope
from detente.record.keys import SigningKey


class Signer:
    """Signs a party's acts in one arena.

    Args:
        lasts: sequence and digest of the key's last act for each audience, as the channel has them.
        clock_us: the author's own clock; what it says is the author's word.
        seen: the head of the arena's log that every act names (`heads.to_name`); None where none is known.
    """

    def __init__(
        self,
        key: SigningKey,
        *,
        arena: str,
        party: str,
        lasts: Mapping[str, tuple[int, str]],
        clock_us: Callable[[], int],
        seen: SeenCheckpoint | None = None,
    ) -> None:
        self.arena, self.party, self._seen = arena, party, seen
        self._key, self._lasts, self._clock_us = key, dict(lasts), clock_us

    def sign(self, kind: str, audience: str, body: Body, *, view: str | None = None) -> Envelope:
        """The next act of this key for an audience.

        Args:
            audience: the party it is for; empty for the host alone.
            view: digest of the view that it answers.
        """
        sequence, previous = self._lasts.get(audience, (0, None))
        act = Act(
            type=kind,
            arena=self.arena,
            party=self.party,
            audience=audience,
            key_id=self._key.public.id,
            sequence=sequence + 1,
            previous=previous,
            made_at_us=self._clock_us(),
            checkpoint=self._seen,
            view=view,
            body=plain(body),
        )
        envelope = sign_act(act, self._key)
        self._lasts[audience] = (act.sequence, envelope.digest)
        return envelope
