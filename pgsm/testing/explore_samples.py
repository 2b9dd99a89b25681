"""What an exploration may do to a machine: samples of all that comes from outside."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgsm.formats import files

from .rows import Effect
from .store import plain

Json = Any
KEYS = (
    "input",
    "inputs",
    "events",
    "effects",
    "functions",
    "children",
    "auth",
    "waits",
    "ends",
    "ignore",
)


class SamplesError(ValueError):
    """Samples are not of the shape that the documentation gives."""


@dataclass
class Samples:
    """What instances are started with, sent, answered.

    ``events``     event → data of each sample
    ``effects``    invoke id or effect name → ``{"output": …}`` or ``{"error": …}``
    ``functions``  SQL function → what it may return
    ``children``   child machine that is not defined → what it may end with
    ``auth``       who sends the events; empty for the world's own
    ``waits``      lengths of time that may pass though no timer is due
    ``ends``       states in which it is right to stay for ever
    ``ignore``     paths of the context that make no difference
    """

    inputs: list[Json] = field(default_factory=list)
    events: dict[str, list[Json]] = field(default_factory=dict)
    effects: dict[str, list[dict[str, Json]]] = field(default_factory=dict)
    functions: dict[str, list[Json]] = field(default_factory=dict)
    children: dict[str, list[Json]] = field(default_factory=dict)
    auth: list[Json] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    ignore: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Json]:
        """The samples as `read` takes them, without what is empty."""
        found = {key: getattr(self, key) for key in KEYS if key != "input"}
        return {key: value for key, value in found.items() if value}

    def without(self, other: Samples) -> Samples:
        """Those of the samples that the other has none for."""
        rest = Samples(
            inputs=[] if other.inputs else self.inputs,
            auth=[] if other.auth else self.auth,
        )
        for key in ("events", "effects", "functions", "children"):
            mine, theirs = getattr(self, key), getattr(other, key)
            setattr(rest, key, {k: v for k, v in mine.items() if k not in theirs})
        return rest

    def merged(self, other: Samples) -> Samples:
        """The samples, completed by what the other has more."""
        more = other.without(self)
        return Samples(
            inputs=self.inputs or more.inputs,
            events={**self.events, **more.events},
            effects={**self.effects, **more.effects},
            functions={**self.functions, **more.functions},
            children={**self.children, **more.children},
            auth=self.auth or other.auth,
            waits=self.waits or other.waits,
            ends=[*self.ends, *other.ends],
            ignore=[*self.ignore, *other.ignore],
        )

    def answers(self, effect: Effect) -> list[dict[str, Json]] | None:
        """The samples of an effect: by its invoke id, else by its name."""
        found = self.effects.get(effect.invoke_id or effect.name)
        return self.effects.get(effect.name) if found is None else found


def read(source: Mapping[str, Json] | str | Path | Samples | None) -> Samples:
    """The samples of a mapping, or of a JSON or YAML file; SamplesError, FormatError.

    ``input`` is the one of ``inputs``.  A sample of an effect is its output; to fail
    is ``{"error": …}``, and ``{"output": …}`` says what is meant.
    """
    if source is None:
        return Samples()
    if isinstance(source, Samples):
        return source
    if isinstance(source, (str, Path)):
        source = files.read_definition(source)
    if not isinstance(source, Mapping):
        raise SamplesError("samples are an object with keys such as events, effects")
    for key in source:
        if key not in KEYS:
            close = difflib.get_close_matches(str(key), KEYS, 1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {_all(KEYS)}"
            raise SamplesError(f'samples have no key "{key}": {hint}')
    given: dict[str, Json] = plain(dict(source))
    inputs = [given["input"]] if "input" in given else given.get("inputs", [])
    events = {
        name: [{} if item is None else item for item in _list(data)] or [{}]
        for name, data in _object(given, "events").items()
    }
    return Samples(
        inputs=_list(inputs),
        events=events,
        effects={
            name: [outcome(item) for item in _list(items)]
            for name, items in _object(given, "effects").items()
        },
        functions=_lists(given, "functions"),
        children=_lists(given, "children"),
        auth=_list(given.get("auth")),
        waits=[str(item) for item in _list(given.get("waits"))],
        ends=[str(item) for item in _list(given.get("ends"))],
        ignore=[str(item) for item in _list(given.get("ignore"))],
    )


def outcome(item: Json) -> dict[str, Json]:
    """A sample of an effect as ``{"output": …}`` or ``{"error": …}``."""
    if isinstance(item, dict) and list(item) in (["output"], ["error"]):
        return item
    return {"output": item}


def _object(given: dict[str, Json], key: str) -> dict[str, Json]:
    value = given.get(key)
    if isinstance(value, list) and key == "events":
        value = {str(name): [{}] for name in value}
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SamplesError(f'the samples\' "{key}" are an object of lists')
    return value


def _lists(given: dict[str, Json], key: str) -> dict[str, list[Json]]:
    return {name: _list(items) for name, items in _object(given, key).items()}


def _list(value: Json) -> list[Json]:
    """A list as it is; what is none is its only item."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _all(names: Iterable[str]) -> str:
    return ", ".join(names)
