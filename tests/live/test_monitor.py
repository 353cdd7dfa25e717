"""The status page and the metrics of a running server: off, on, under attack, in a browser."""

import asyncio
import http.client
import re
import resource
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.figures import Figures
from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, ServerProcess, running, write_zones
from zoneserver.service.monitor.http import HttpServer, Request, Response
from zoneserver.service.monitor.process import Monitor

SLOW_CLIENTS = 1000
QUERIES = 300
WAIT_SECONDS = 20.0
# A body, one long header, and many short ones: none of them is taken.
HEADS = ("Content-Length: 5", f"X: {'x' * 9000}", "X: x\r\n" * 1400 + "Y: y")


@contextmanager
def monitored(
    folder: Path, *arguments: str, watch: bool = False
) -> Iterator[tuple[ServerProcess, int]]:
    """A server with a status page, and the port of that."""
    (folder / "zoneserver.yaml").write_text("http: {listen: 0}\n")
    with running(folder, *arguments, watch=watch) as server:
        (line,) = [each for each in server.output.seen if "status page on" in each]
        match = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert match
        yield server, int(match[1])


def get(port: int, path: str) -> tuple[int, str]:
    """The status and the body of a page."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)) as client:
        client.request("GET", path)
        response = client.getresponse()
        return response.status, response.read().decode()


def sample(port: int, name: str, **labels: str) -> float | None:
    """The value of a sample, if it is there."""
    for family in text_string_to_metric_families(get(port, "/metrics")[1]):
        for each in family.samples:
            if each.name == name and each.labels == labels:
                return float(each.value)
    return None


def wait_for(port: int, value: float, name: str, **labels: str) -> None:
    """Return when a sample has a value."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := sample(port, name, **labels)) != value:
        assert time.monotonic() < deadline, f"{name} is {found}"


def listeners(port: int) -> list[str]:
    """The addresses that are listened on at a port, as the kernel writes them."""
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return [
        row[1].split(":")[0]
        for row in rows
        if row[1].endswith(f":{port:04X}") and row[3] == "0A"
    ]


def monitor_of(server: ServerProcess, port: int) -> int:
    """The process that has the port, beside the main one."""
    (inode,) = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    main = server.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    (found,) = [pid for pid in children if f"socket:[{inode}]" in set(_links(pid))]
    return int(found)


def _links(pid: str) -> Iterator[str]:
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            yield str(link.readlink())


def measure(server: ServerProcess) -> list[float]:
    """How many milliseconds each of some queries took; every one is answered."""
    query, taken = dns.message.make_query("example.com", "MX"), []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(WAIT_SECONDS)
        asking.connect(("127.0.0.1", server.port))
        for _ in range(QUERIES):
            begin = time.perf_counter()
            asking.send(query.to_wire())
            assert query.is_response(dns.message.from_wire(asking.recv(4096)))
            taken.append((time.perf_counter() - begin) * 1000)
    return sorted(taken)


def status_of(port: int, head: str) -> int:
    """What is said to a request with these headers."""
    with socket.create_connection(("127.0.0.1", port), WAIT_SECONDS) as client:
        client.sendall(f"GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\nhello".encode())
        return int(client.recv(12)[9:])


def is_over(client: socket.socket) -> bool:
    """Whether the other end has closed."""
    try:
        return client.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_nothing_listens_unless_it_is_told_to(tmp_path: Path) -> None:
    """Acceptance 110: off by default."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        assert "status page" not in str(server.output)


def test_slow_clients_do_not_touch_dns(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 110: a thousand slow HTTP clients, and DNS is as it was before they came."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < SLOW_CLIENTS + 200:
        pytest.skip("too few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, SLOW_CLIENTS + 200), hard))
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with monitored(tmp_path) as (server, port), ExitStack() as slow:
        assert listeners(port) == ["0100007F"]  # a port alone means loopback
        assert [status_of(port, head) for head in HEADS] == [413, 431, 431]
        before = measure(server)
        clients = [
            slow.enter_context(socket.create_connection(("127.0.0.1", port), WAIT_SECONDS))
            for _ in range(SLOW_CLIENTS)
        ]
        begin = time.monotonic()
        for client in clients:
            with suppress(ConnectionError):  # the oldest have made room already
                client.send(b"G")
        during = measure(server)
        assert get(port, "/healthz") == (200, "ok\n")
        served = time.monotonic() - begin
        for client in clients:
            client.setblocking(False)
        while waiting := [client for client in clients if not is_over(client)]:
            assert time.monotonic() - begin < 12, len(waiting)
        gone = time.monotonic() - begin
    middle, tail = statistics.median, -QUERIES // 100
    assert middle(during) <= 3 * middle(before) + 1
    figures.add(
        f"110 UDP beside {SLOW_CLIENTS} slow HTTP clients",
        f"{len(during)} of {QUERIES} answered, half within {middle(during):.2f} ms and 99 % "
        f"within {during[tail]:.2f} ms (before: {middle(before):.2f} and {before[tail]:.2f}); "
        f"/healthz within {served:.1f} s, the last slow one gone after {gone:.1f} s",
    )


def test_what_is_counted_outlives_workers_and_monitors(tmp_path: Path) -> None:
    """Queries over UDP and TCP, a worker that dies, and a new monitor that knows it all."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with monitored(tmp_path, "--workers", "1") as (server, port):
        wait_for(port, 1, "zoneserver_ready")
        assert get(port, "/readyz")[0] == 200
        for number in range(3):
            server.ask("example.com")
            server.ask(f"gone{number}.example.com", tcp=True)
        mail = "zoneserver_mail_queries_total"
        told = {"zone": "example.com.", "kind": "mx"}
        wait_for(port, 3, mail, **told, told="answer")
        wait_for(port, 3, mail, **told, told="nxdomain")
        main, monitor = server.process.pid, monitor_of(server, port)
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for pid in map(int, children):
            if pid != monitor and _is_worker(pid, server.port):
                subprocess.run(["kill", "-9", str(pid)], check=True)
        server.log.wait_for("it is replaced")
        server.ask("example.com")
        wait_for(port, 1, "zoneserver_worker_restarts_total", worker="0")
        wait_for(port, 4, mail, **told, told="answer")
        subprocess.run(["kill", "-9", str(monitor)], check=True)
        server.log.wait_for("the monitor ended by signal SIGKILL; it is replaced")
        wait_for(port, 4, mail, **told, told="answer")
        queries = {"type": "MX", "rcode": "NXDOMAIN", "transport": "tcp"}
        wait_for(port, 3, "zoneserver_queries_total", **queries)
        wait_for(port, 3, "zoneserver_answer_duration_seconds_count", transport="tcp")
        wait_for(port, 0, "zoneserver_zone_stale", zone="example.com.")


def _is_worker(pid: int, port: int) -> bool:
    """Whether a process has the socket for DNS over UDP."""
    rows = Path("/proc/net/udp").read_text().splitlines()[1:]
    inodes = {row.split()[9] for row in rows if row.split()[1].endswith(f":{port:04X}")}
    return any(f"socket:[{inode}]" in set(_links(str(pid))) for inode in inodes)


def test_a_zone_that_breaks_is_shown(tmp_path: Path) -> None:
    """Stale in the metrics, with its finding on the page; and well again when it is mended."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    with monitored(tmp_path) as (server, port):
        wait_for(port, 2, "zoneserver_zones", state="served")
        wait_for(port, 1, "zoneserver_ready")
        assert "every zone is served as its file says" in get(port, "/")[1]
        (zones / "example.com.yaml").write_text(BAD_ZONE)
        server.reload()
        wait_for(port, 1, "zoneserver_zone_stale", zone="example.com.")
        wait_for(port, 1, "zoneserver_zone_findings", zone="example.com.", level="error")
        page = get(port, "/")[1]
        assert "1 zone not served as written" in page
        assert re.search(r"error MX001</b> <code>\S*zones/example.com.yaml:4:\d+</code>", page)
        (zones / "example.com.yaml").write_text(GOOD_ZONE)
        server.reload()
        wait_for(port, 0, "zoneserver_zone_stale", zone="example.com.")
        assert "every zone is served as its file says" in get(port, "/")[1]


def test_a_browser_shows_it(tmp_path: Path) -> None:
    """Chromium draws charts, findings and zones, and finds nothing that the policy forbids."""
    picture = tmp_path / "status.png"
    write_zones(tmp_path, example_com=BAD_ZONE, example_net=OTHER_ZONE)
    with monitored(tmp_path) as (_, port):
        wait_for(port, 1, "zoneserver_zones", state="refused")
        wait_for(port, 1, "zoneserver_ready")
        url = f"http://127.0.0.1:{port}/"
        dom, said = browse(tmp_path, url, "--window-size=1200,900", f"--screenshot={picture}")
    assert dom.count("<svg") == 4
    assert "error MX001" in dom
    assert "mail.example.net. (10)" in dom
    assert not re.findall("Refused|Content Security|Uncaught", said)
    assert picture.read_bytes()[16:24] == (1200).to_bytes(4, "big") + (900).to_bytes(4, "big")


def browse(folder: Path, url: str, *options: str) -> tuple[str, str]:
    """What a page has become in a browser after a while, and what that has said of it."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed")
    fixed = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    own = [f"--user-data-dir={folder}/profile", "--enable-logging=stderr"]
    shown = subprocess.run(
        [chromium, *fixed, *own, *options, "--virtual-time-budget=12000", "--dump-dom", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return shown.stdout, shown.stderr


def test_the_page_is_live(tmp_path: Path) -> None:
    """The script asks again every five seconds, and puts what it gets in place."""
    asked = 0

    def respond(request: Request) -> Response:
        nonlocal asked
        if request.path != "/":
            return Monitor().respond(request)
        asked += 1
        page = f'<script src="/status.js" defer></script><main>seen {asked}</main>'
        return Response(200, page.encode(), "text/html")

    async def play() -> str:
        server, listener = HttpServer(respond), socket.create_server(("127.0.0.1", 0))
        await server.listen(listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        try:
            return (await asyncio.to_thread(browse, tmp_path, url))[0]
        finally:
            server.stop()

    assert "<main>seen 3</main>" in asyncio.run(play())
