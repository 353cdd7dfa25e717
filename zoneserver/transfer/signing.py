"""Signed queries: answered as if they were not, and the answers signed (RFC 8945)."""

from collections.abc import Callable
from dataclasses import replace

from zoneserver.engine.respond import MIN_UDP_PAYLOAD, Transport, decline
from zoneserver.transfer.tsig import Request, answer_record, measure_answer
from zoneserver.wire import message as m
from zoneserver.wire.encode import encode_error
from zoneserver.wire.tsig import add_tsig

# A message without a signature to its answer, or to silence.
Respond = Callable[[bytes, Transport], bytes | None]


def answer_signed(
    request: Request, transport: Transport, now: int, respond: Respond
) -> bytes | None:
    """What is said to a message with a signature, or None for silence.

    Where that holds, it is what `respond` says of the message without it.
    """
    if request.is_malformed:
        return encode_error(request.message, m.FORMERR)  # RFC 8945 5.2.2.1
    transport = replace(transport, reserved=measure_answer(request))
    if request.key is None:
        answer = decline(request.message, transport, m.NOTAUTH)  # RFC 8945 5.2
    else:
        answer = respond(request.message, transport)
    if answer is None:
        return None
    length = len(answer) + transport.reserved
    if request.answer_key is None and not transport.stream and length > MIN_UDP_PAYLOAD:
        return answer  # two names that are no key of ours are longer than all the rest
    return add_tsig(answer, answer_record(request, answer, now))
