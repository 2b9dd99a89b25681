"""The machines that get events: flat, hierarchical and parallel, and large.

All take ``next`` without end, by a guard and with an action that counts; the context
has padding of the size that is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]

HERE = Path(__file__).resolve().parent


def flat() -> Document:
    """A ring of four states."""
    found: Document = json.loads((HERE / "ring.json").read_text())
    return found


def tree() -> Document:
    """Two regions of compound states; an event moves a leaf, or more, in both."""
    return _machine(
        type="parallel",
        states={
            region: {
                "initial": "one",
                "states": {
                    name: {
                        "initial": "in",
                        "states": {
                            "in": {"on": {"next": _goes("out")}},
                            "out": {"on": {"next": {"target": f"#{region}-{after}"}}},
                        },
                        "id": f"{region}-{name}",
                    }
                    for name, after in (("one", "two"), ("two", "one"))
                },
            }
            for region in ("left", "right")
        },
    )


def large() -> Document:
    """A ring of 300 states, thirty in each of ten."""
    groups, members = 10, 30
    return _machine(
        initial="g0",
        states={
            f"g{group}": {
                "initial": "s0",
                "states": {
                    f"s{member}": {
                        "on": {
                            "next": _goes(f"s{member + 1}")
                            if member + 1 < members
                            else _goes(f"#g{(group + 1) % groups}"),
                            **{f"other{n}": f"s{n}" for n in range(3)},
                        }
                    }
                    for member in range(members)
                },
                "id": f"g{group}",
            }
            for group in range(groups)
        },
    )


def busy() -> Document:
    """The ring with a timer and an effect: each event writes and drops such rows."""
    document = flat()
    states = {
        name: {
            **state,
            "after": {"30 days": {"actions": "count"}},
            "invoke": {"id": "work", "src": "bench.work"},
        }
        for name, state in document["states"].items()
    }
    implementations = {**document["implementations"], "effects": {"bench.work": {}}}
    return {**document, "states": states, "implementations": implementations}


MACHINES: dict[str, Callable[[], Document]] = {
    "flat": flat,
    "tree": tree,
    "large": large,
}


def make(name: str, context_bytes: int) -> Document:
    """A machine by name, with a context of about that many bytes of JSON."""
    document = MACHINES[name]()
    padding = [
        {"sku": f"sku-{n}", "quantity": n, "note": "as it was ordered"}
        for n in range(max(0, context_bytes - 20) // 62)
    ]
    return {**document, "context": {"n": 0, "lines": padding}}


def _goes(target: str) -> Document:
    return {"target": target, "guard": "mayGoOn", "actions": "count"}


def _machine(**root: Any) -> Document:
    return {"id": "bench", **root, "implementations": flat()["implementations"]}
