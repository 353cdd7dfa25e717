# The compiled engine, as Python sees it; fastpath/README.md tells what it is.

from collections.abc import Sequence

class Engine:
    def __init__(
        self,
        *,
        max_payload: int,
        nsid: bytes,
        refused_option: bytes,
        secrets: Sequence[bytes],
        rate: int,
        slip: int,
        errors: int,
        log_only: bool,
        limit_loopback: bool,
    ) -> None: ...
    def publish(
        self, files: Sequence[str], gone: Sequence[bytes], refused: Sequence[bytes]
    ) -> None: ...
    def answer(
        self, message: bytes, stream: bool, address: bytes, now: int
    ) -> bytes | None: ...
    def serve(self, descriptors: Sequence[int], wake: int) -> None: ...
    def take(self, most: int) -> list[Pending]: ...
    def counters(self) -> dict[str, int]: ...
    def beats(self) -> int: ...
    def stop(self) -> None: ...

class Pending:
    message: bytes
    address: bytes
    port: int
    def send(self, octets: bytes) -> None: ...
