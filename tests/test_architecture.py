"""The order of the layers, and the sizes that keep each part readable: read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

FOLDER = Path(__file__).parent.parent / "zoneserver"

# Each package (or module) imports from itself and from those above it, never from below.
# The number is its layer; names of one layer stand in the order in which they may lean on
# one another.
LAYERS = {
    "errors": 0, "names": 0, "networks": 0, "catalogue": 0, "findings": 0,
    "wire": 1,
    "records": 2,
    "zonefile": 3, "zone": 3,
    "dnssec": 4,
    "engine": 4,
    "image": 5, "validator": 5, "mail": 5,
    "transports": 6, "transfer": 6,
    "service": 7,
    "cli": 8, "__main__": 8, "__init__": 8,
}  # fmt: skip
CORE = {name for name, layer in LAYERS.items() if layer <= 5}
# The core takes octets and text and gives the same: it touches nothing of the machine.
IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "select", "selectors", "shutil", "signal", "socket", "socketserver", "ssl", "subprocess",
    "sys", "tempfile", "threading", "time",
}  # fmt: skip

# The engine in Rust, which need not be there.
COMPILED = "zoneserver._fastpath"

MOST_LINES = 300
MOST_LINES_OF = {
    "transports": 150,  # they move octets; what needs more room belongs elsewhere
}
LONGER = {
    # One short class for every record type reads best in one place.
    "records/rdata.py": 500,
}
MOST_LINES_OF_CODE = 40
LONGER_FUNCTIONS: dict[str, int] = {}


class Module(NamedTuple):
    """One source file."""

    path: str
    tree: ast.Module
    lines: int

    @property
    def name(self) -> str:
        """As it is imported."""
        parts = ["zoneserver", *self.path.removesuffix(".py").split("/")]
        return ".".join(part for part in parts if part != "__init__")

    @property
    def package(self) -> str:
        """The name in LAYERS: its folder, or itself at the top."""
        return self.path.split("/", maxsplit=1)[0].removesuffix(".py")

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module that it imports, wherever in the file, and the line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno} imports relatively"
                assert node.module is not None
                for alias in node.names:
                    full = f"{node.module}.{alias.name}"
                    yield (full if full in NAMES else node.module), node.lineno


def _modules() -> Iterator[Module]:
    for path in sorted(FOLDER.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        relative = path.relative_to(FOLDER).as_posix()
        yield Module(relative, ast.parse(text), len(text.splitlines()))


MODULES = list(_modules())
NAMES = {module.name: module for module in MODULES}


@pytest.fixture(params=MODULES, ids=lambda module: module.path)
def module(request: pytest.FixtureRequest) -> Module:
    """Each source file in turn."""
    found: Module = request.param
    return found


def test_something_is_read() -> None:
    """The rules below speak of real files."""
    assert {"errors", "wire", "records", "zone", "engine"} <= {m.package for m in MODULES}
    assert all(path in {module.path for module in MODULES} for path in LONGER)


def test_every_package_has_a_layer(module: Module) -> None:
    """A new package says where it stands."""
    assert module.package in LAYERS


def test_layers(module: Module) -> None:
    """Imports go up the list only."""
    order = list(LAYERS)
    wrong = [
        f"{module.path}:{line} imports {name}"
        for name, line in module.imports()
        if name.startswith("zoneserver.")
        and name != COMPILED
        and NAMES[name].package != module.package
        and order.index(NAMES[name].package) > order.index(module.package)
    ]
    assert [] == wrong


def test_one_module_knows_the_compiled_engine() -> None:
    """Everything else does without it."""
    known = [m.path for m in MODULES if COMPILED in {name for name, _ in m.imports()}]
    assert ["service/answering/native.py"] == known


def test_server_logs_events() -> None:
    """Commands print straight to the terminal; what a server has to say is an event."""
    printing = {"zoneserver.service.logs.terminal.log", "zoneserver.service.logs.terminal.say"}
    known = [
        module.path
        for module in MODULES
        if module.package in {"service", "transports"}
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        and printing & {f"{node.module}.{alias.name}" for alias in node.names}
    ]
    assert [] == known


def test_engine_does_not_know_the_validator() -> None:
    """The answer to a query must not depend on what was thought of the zone."""
    engine = [module for module in MODULES if module.package == "engine"]
    known = {name for module in engine for name in _reached(module)}
    assert engine
    assert not [name for name in known if name.startswith("zoneserver.validator")]


def _reached(module: Module) -> set[str]:
    """Everything of ours that comes along when a module is imported."""
    found: set[str] = set()
    todo = [module]
    while todo:
        for name, _ in todo.pop().imports():
            if name in NAMES and name not in found:
                found.add(name)
                todo.append(NAMES[name])
    return found


def test_no_cycles(module: Module) -> None:
    """No module needs itself."""
    assert module.name not in _reached(module)


def test_core_touches_no_machine(module: Module) -> None:
    """No socket, thread, clock, file or log below the transports."""
    wrong = [
        f"{module.path}:{line} imports {name}"
        for name, line in module.imports()
        if module.package in CORE and name.split(".", maxsplit=1)[0] in IMPURE
    ]
    opened = [
        f"{module.path}:{node.lineno} calls {node.func.id}()"
        for node in ast.walk(module.tree)
        if module.package in CORE
        and isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"open", "print", "input", "eval", "exec"}
    ]
    assert [] == wrong + opened


def test_module_size(module: Module) -> None:
    """A module is read in one sitting."""
    most = LONGER.get(module.path, MOST_LINES_OF.get(module.package, MOST_LINES))
    assert module.lines <= most, f"{module.path} has {module.lines} lines"


def test_function_size(module: Module) -> None:
    """A function fits on a screen; its docstring does not count."""
    wrong = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{module.path}:{node.name}"
            lines = _lines_of_code(node)
            if lines > LONGER_FUNCTIONS.get(name, MOST_LINES_OF_CODE):
                wrong[name] = lines
    assert {} == wrong


def _lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        lines -= first.end_lineno - first.lineno + 1
    return lines


def test_every_module_says_what_it_is(module: Module) -> None:
    """The first thing to read is what it is for."""
    assert ast.get_docstring(module.tree)


def test_one_root_exception() -> None:
    """Every exception of ours descends from one, which `errors` draws."""
    roots = [
        f"{module.path}: {node.name}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "Exception" for base in node.bases)
    ]
    assert ["errors.py: ZoneserverError"] == roots
