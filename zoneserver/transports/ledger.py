"""The ledger of rate limiting: what has gone out in the present second, for all workers.

It is memory that the main process makes before it forks, so a network gets its rate from the
server, not from each worker. The native engine reads and writes the same words. Its size is
fixed: where there is no room, the account that was idle for longest makes some, and among
equals the smallest, so that a flood of forged networks pushes out its own.

A word has 64 bits: 24 of an account's hash (its tag), 16 of the second, 24 of the count. The
first words are the seed of the native engine's hashes, the count of errors, and a spare one.
Where two portable workers count at the same moment, one of the two may go uncounted.
"""

import mmap
import secrets

ACCOUNTS = 65_536  # that are remembered
WAYS = 4  # words among which an account may stand
_HEAD, _ERRORS_AT = 4, 2
_SEED_OCTETS, _WORD_OCTETS = 16, 8
_SECONDS, _COUNTS = 0xFFFF, 0xFF_FFFF


class Ledger:
    """Counts of the present second."""

    def __init__(self, accounts: int = ACCOUNTS) -> None:
        """`accounts`: how many are remembered, a multiple of `WAYS`."""
        self.memory = mmap.mmap(-1, _WORD_OCTETS * (_HEAD + accounts))  # zeroed, and shared
        self.memory[:_SEED_OCTETS] = secrets.token_bytes(_SEED_OCTETS)
        self._words = memoryview(self.memory).cast("Q")
        self._sets = accounts // WAYS

    def count_error(self, second: int) -> int:
        """Count an error answer. How many there have been in this second."""
        words, window = self._words, second & _SECONDS
        word = words[_ERRORS_AT]
        words[_ERRORS_AT] = word = word + 1 if word >> 24 == window else window << 24 | 1
        return word & _COUNTS

    def count(self, account: int, second: int) -> int:
        """Count an answer of an account, given by its hash. How many it has had."""
        words, tag = self._words, account >> 40 & 0xFF_FFFF
        first = _HEAD + account % self._sets * WAYS
        window = tag << 16 | second & _SECONDS
        least, most_useless = first, -1
        for at in range(first, first + WAYS):
            word = words[at]
            if word >> 40 == tag:
                words[at] = word = word + 1 if word >> 24 == window else window << 24 | 1
                return word & _COUNTS
            idle = (second - (word >> 24)) & _SECONDS
            uselessness = idle << 24 | _COUNTS - (word & _COUNTS)
            if uselessness > most_useless:
                least, most_useless = at, uselessness
        words[least] = window << 24 | 1
        return 1
