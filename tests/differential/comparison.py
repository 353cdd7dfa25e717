"""Two answers to one question, and what the table of differences makes of them."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from tests.differential.messages import Answer, Question, Record


@dataclass(frozen=True)
class Pair:
    """What we and a peer answered to `question`."""

    question: Question
    ours: Answer
    theirs: Answer

    @property
    def equal(self) -> bool:
        """Whether nothing is left that differs."""
        return self.ours == self.theirs


Settle = Callable[[Pair], Pair | None]


@dataclass(frozen=True)
class Difference:
    """A row of the table: a way in which we differ from some peers on purpose.

    `settle` takes out of a pair what the row explains, and nothing else; what then
    still differs is for the other rows to explain. It returns None where the row has
    nothing to say.
    """

    name: str
    peers: frozenset[str]
    reason: str
    settle: Settle


@dataclass
class Summary:
    """How one peer's answers compared with ours."""

    peer: str
    questions: int = 0
    equal: int = 0
    explained: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Counts, then each row with the number of answers it took part in."""
        head = (
            f"{self.peer}: {self.questions} questions, {self.equal} equal, "
            f"{self.explained} explained, {len(self.unexplained)} unexplained"
        )
        rows = (f"  {count:6} {name}" for name, count in self.rows.most_common())
        return "\n".join([head, *rows])

    def count(self, pair: Pair, table: Iterable[Difference]) -> None:
        """Add `pair`, settled by the rows of `table` that are about this peer."""
        self.questions += 1
        if pair.equal:
            self.equal += 1
            return
        settled, rows = settle(pair, (row for row in table if self.peer in row.peers))
        if settled.equal:
            self.explained += 1
            self.rows.update(rows)
        else:
            self.unexplained.append(_report(self.peer, pair, settled, rows))


def settle(pair: Pair, rows: Iterable[Difference]) -> tuple[Pair, list[str]]:
    """Let the rows speak in turn until the answers are equal; name those that did."""
    used: list[str] = []
    for row in rows:
        if pair.equal:
            break
        settled = row.settle(pair)
        if settled is not None and settled != pair:
            used.append(row.name)
            pair = settled
    return pair, used


def only(answer: Answer, section: str, keep: Callable[[Record], bool]) -> Answer:
    """`answer` with just those records of `section` that `keep` approves."""
    records = tuple(record for record in getattr(answer, section) if keep(record))
    if section == "authority":
        return replace(answer, authority=records)
    if section == "additional":
        return replace(answer, additional=records)
    keys = {(record.owner, record.rtype) for record in records}
    path = tuple(key for key in answer.path if key in keys)
    return replace(answer, answer=records, path=path)


def _report(peer: str, pair: Pair, settled: Pair, rows: list[str]) -> str:
    lines = [str(pair.question), f"ours: {pair.ours}", f"{peer}: {pair.theirs}"]
    if rows:
        lines += [
            f"even after {', '.join(rows)} there remains",
            f"ours: {settled.ours}",
            f"{peer}: {settled.theirs}",
        ]
    return "\n".join(lines)
