"""Every difference from NSD, Knot and BIND is one that we decided on.

Known landmarks, every owner with every common type, then random questions, the same for
all servers. The answers are compared section by section; `differences` holds what may differ.
"""

import sys

import pytest

from tests.differential.comparison import Pair, Summary
from tests.differential.differences import TABLE
from tests.differential.messages import Answer, Question, ask
from tests.peers import Server

# A server in a process of its own shows no coverage of what is asked of it in Rust.
pytestmark = pytest.mark.skipif(
    sys.gettrace() is not None, reason="nothing to be covered; CI runs it beside that"
)

MOST_SHOWN = 20


def test_differences_are_decided(
    our_answers: list[tuple[Question, Answer]],
    peer: Server,
    summaries: list[Summary],
) -> None:
    """Acceptance 112: our answers equal the peer's, or rows of the table say why they do
    not.
    """
    summary = Summary(peer.name)
    summaries.append(summary)
    for question, ours in our_answers:
        summary.count(Pair(question, ours, ask(question, peer.port)), TABLE)
    shown = "\n\n".join(summary.unexplained[:MOST_SHOWN])
    assert not summary.unexplained, (
        f"{len(summary.unexplained)} unexplained, of which:\n{shown}"
    )
    idle = [
        row.name for row in TABLE if peer.name in row.peers and row.name not in summary.rows
    ]
    assert not idle, f"rows that explain nothing: {idle}"


def test_our_answers_fit(our_answers: list[tuple[Question, Answer]]) -> None:
    """No answer is larger than the asker and the transport allow."""
    too_large = [
        f"{question}: {answer.octets} octets"
        for question, answer in our_answers
        if answer.octets > question.most_octets
    ]
    assert not too_large, "\n".join(too_large)


def test_rows_have_names_of_their_own() -> None:
    """The summary counts by name."""
    names = [row.name for row in TABLE]
    assert len(names) == len(set(names))
