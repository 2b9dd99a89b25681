"""The examples of a reference page: machines, and what is printed of a run of them.

JSON blocks with nothing between them are definitions.  A text block right after them is
a run of the last one, one step a line, with what is then the case behind an arrow:

    start {"n": 1}         → idle
    send go {"by": 2}      → busy; context {"n": 3}; notes ["gone"]
    advance 10 minutes     → done; output 3

The first part is the state: its path, or the value as JSON.  `context` lists the keys
that are compared; the rest is compared as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pgsm.engine import exact
from pgsm.testing import Instance, Refused, World

Json = Any
ARROW = "→"
_BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.M | re.S)
_PARTS = re.compile(r"; (?=[a-z]+ )")


@dataclass(frozen=True)
class Example:
    """Definitions, and the lines of a run of the last one; its line in the page."""

    line: int
    definitions: tuple[str, ...]
    steps: tuple[str, ...] = ()


def examples(page: str) -> Iterator[Example]:
    """The examples of a page, in order."""
    waiting: list[str] = []
    line = end = 0
    for block in _BLOCK.finditer(page):
        language, text = block.groups()
        if waiting and page[end : block.start()].strip():
            yield Example(line, tuple(waiting))
            waiting = []
        line, end = page.count("\n", 0, block.start()) + 1, block.end()
        if language == "json":
            waiting.append(text)
        elif language == "text" and waiting:
            yield Example(line, tuple(waiting), tuple(text.splitlines()))
            waiting = []
    if waiting:
        yield Example(line, tuple(waiting))


class Run:
    """A run of an example in memory."""

    def __init__(self, example: Example) -> None:
        self.world = World()
        for text in example.definitions:
            document = exact.loads(text)
            self.machine = self.world.define(document)
        self.instance: Instance | None = None
        self.outcome: str | None = None
        self.seen = 0

    def check(self, line: str) -> None:
        """Do what a line says; AssertionError when it is not so afterwards."""
        done, _, expected = line.partition(ARROW)
        verb, _, rest = done.strip().partition(" ")
        self.seen = 0 if self.instance is None else self.instance.revision
        refused = None
        try:
            getattr(self, f"_{verb}")(rest.strip())
            self.world.settle()
        except Refused as refusal:
            refused = refusal.sqlstate
        wanted = _expected(expected.strip())
        _compare(line, "refused", refused, wanted.pop("refused", None))
        for what, value in wanted.items():
            _compare(line, what, self._found(what, value), value)

    # -- what a line may begin with ------------------------------------------------

    def _answer(self, rest: str) -> None:
        name, value = _word_and_json(rest, ") ")
        self.world.function(name, lambda *_: value)

    def _start(self, rest: str) -> None:
        given = exact.loads(rest) if rest else None
        self.instance = self.world.start(self.machine, given, instance_id="i")
        self.outcome = None

    def _send(self, rest: str) -> None:
        event, data = _word_and_json(rest)
        self.outcome = self._here.send(event, data).outcome

    def _advance(self, rest: str) -> None:
        self.world.advance(rest)

    def _complete(self, rest: str) -> None:
        name, output = _word_and_json(rest)
        self._here.complete(name, output)

    def _claim(self, rest: str) -> None:
        self._here.claim(rest)

    def _fail(self, rest: str) -> None:
        name, error = _word_and_json(rest)
        self._here.fail(name, error or "failed")

    # -- what may follow the arrow ---------------------------------------------------

    @property
    def _here(self) -> Instance:
        assert self.instance is not None, "the run has not started"
        return self.instance

    def _found(self, what: str, wanted: Json) -> Json:
        snapshot = self._here.snapshot
        if what == "state":
            value = snapshot.value
            return _dotted(value) if isinstance(wanted, str) else value
        if what == "context":
            return {key: snapshot.context.get(key) for key in wanted}
        if what == "outcome":
            return self.outcome
        if what in _OF_THE_STEP:
            entries = [e for e in self._here.log if e.revision > self.seen]
            return [item for entry in entries for item in getattr(entry, what)]
        if what in _OF_THE_INSTANCE:
            return _OF_THE_INSTANCE[what](self)
        return getattr(snapshot, what)


def _inputs(run: Run) -> Json:
    return [effect.input for effect in run.world.effects if effect.open]


def _instances(run: Run) -> Json:
    return {i.id: i.status for i in run.world.instances() if i.id != "i"}


_OF_THE_STEP = ("notes", "emitted")
_OF_THE_INSTANCE: dict[str, Callable[[Run], Json]] = {
    "effects": lambda run: [e.name for e in run.world.effects if e.open],
    "inputs": _inputs,
    "idempotency": lambda run: [e.key for e in run.world.effects if e.open],
    "timers": lambda run: [timer.event for timer in run.world.timers],
    "keys": lambda run: dict(run._here.keys),
    "others": _instances,
}


def _compare(line: str, what: str, found: Json, wanted: Json) -> None:
    if found != wanted:
        raise AssertionError(f"{what} is {exact.dumps(found)} after: {line}")


def _expected(text: str) -> dict[str, Json]:
    wanted: dict[str, Json] = {}
    for number, part in enumerate(_PARTS.split(text) if text else ()):
        word, _, rest = part.partition(" ")
        if word.isalpha() and word.islower() and rest:
            wanted[word] = _json(rest)
        else:
            assert number == 0, f"a word is missing before {part}"
            wanted["state"] = _json(part)
    return wanted


def _json(text: str) -> Json:
    """The JSON of a text; a text that is none stands for itself."""
    try:
        return exact.loads(text)
    except ValueError:
        return text


def _word_and_json(text: str, end: str = " ") -> tuple[str, Json]:
    word, found, rest = text.partition(end)
    return word + found.strip(), exact.loads(rest) if rest.strip() else None


def _dotted(value: Json) -> Json:
    """The path of the active state where there is one only, else the value."""
    path = []
    while isinstance(value, dict) and len(value) == 1:
        ((key, value),) = value.items()
        path.append(key)
    return ".".join([*path, value]) if isinstance(value, str) else value
