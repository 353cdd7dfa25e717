"""Answers to siblings that do not exist, with the proof of that for who sends DO.

Which proof it is a link decides; so the answer is the same for all siblings that the link
covers, or the hashes of which it covers, but for the label. It is remembered.
"""

from zoneserver.image.compose import Way, compose
from zoneserver.image.index import Index
from zoneserver.image.proofs import Enclosed, Prover

MOST_REMEMBERED = 8_192
# Where in an answer without its id the label begins.
_LABEL_AT = 11
_HASH_OCTETS = 32  # in a label that is one

# Answers before the label and behind it, by whose they are and by the number of the link.
Remembered = dict[tuple["Proven", int], tuple[bytes, bytes]]


class Proven:
    """Those of some siblings. `at` is where the template is that lacks the proof."""

    __slots__ = ("_at", "_enclosed", "_index", "_prover", "_way")

    def __init__(
        self, index: Index, prover: Prover, at: int, enclosed: Enclosed, way: Way
    ) -> None:
        self._index, self._prover = index, prover
        self._at, self._enclosed, self._way = at, enclosed, way

    def find(self, question: bytes, key: bytes, remembered: Remembered) -> bytes | None:
        """The answer to the question for one of them; None: hand over. `key` is the name's."""
        covering = self._prover.locate(key, self._enclosed)
        known = remembered.get((self, covering))
        # A hash may be a link's owner, which is told apart from all others by a pointer.
        if known is not None and key[0] != _HASH_OCTETS:
            return known[0] + question[1 : 1 + key[0]] + known[1]
        proof = self._prover.prove(self._at, key, self._enclosed, covering)
        if proof is None:
            return None
        octets, *_ = compose(self._index.octets, self._at, question, self._way, proof)
        if len(remembered) >= MOST_REMEMBERED:
            remembered.clear()
        remembered[self, covering] = octets[:_LABEL_AT], octets[_LABEL_AT + key[0] :]
        return octets
