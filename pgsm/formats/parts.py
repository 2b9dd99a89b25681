"""What differs between two definitions: `pgsm.diff_versions` for documents in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pgsm.engine import rows, values

Json = Any
Row = Mapping[str, Json]
Key = tuple[str, str]
KINDS = (
    "machine",
    "state",
    "transition",
    "timer",
    "action",
    "invocation",
    "guard",
    "delay",
    "effect",
)


def differences(old: Json, new: Json) -> list[dict[str, Json]]:
    """Rows of kind, name, change, old and new; of two documents in normal form."""
    before, after = parts(old), parts(new)
    found = []
    for key in sorted({*before, *after}, key=_order):
        a, b = before.get(key), after.get(key)
        if key not in before:
            change = "added"
        elif key not in after:
            change = "removed"
        elif values.same(a, b):
            continue
        else:
            change = "changed"
        kind, name = key
        part = {"kind": kind, "name": name, "change": change, "old": a, "new": b}
        found.append(part)
    return found


def _order(key: Key) -> tuple[int, str]:
    return KINDS.index(key[0]), key[1]


def parts(document: Json) -> dict[Key, Json]:
    """The parts of a document in normal form, as `pgsm.diff_versions`."""
    tables = rows.to_rows(document)
    return {
        **dict(_states(tables)),
        **dict(_transitions(tables)),
        **_actions(tables),
        **dict(_invocations(tables)),
        **{(i["kind"], i["name"]): i["definition"] for i in tables["implementations"]},
        **{
            ("machine", key): item
            for row in tables["settings"]
            for key, item in row["settings"].items()
        },
    }


def _states(tables: rows.Rows) -> Iterator[tuple[Key, Json]]:
    for state in tables["states"]:
        if state["path"]:
            part = {"type": state["type"], **state["settings"]}
            yield ("state", state["path"]), part


def _transitions(tables: rows.Rows) -> Iterator[tuple[Key, Json]]:
    actions: dict[tuple[str, int], list[Json]] = {}
    for row in tables["actions"]:
        if row["owner"] == "transition":
            key = row["state"], row["transition_position"]
            actions.setdefault(key, []).append(row["action"])
    seen: Counter[str] = Counter()
    for row in tables["transitions"]:
        what = row["delay"] or row["event"]
        name = " ".join(word for word in (row["state"], row["kind"], what) if word)
        seen[name] += 1
        number = f" #{seen[name]}" if seen[name] > 1 else ""
        part = {
            "targets": row["targets"],
            "guard": row["guard"],
            "reenter": row["reenter"],
            "actions": actions.get((row["state"], row["position"])),
        }
        kind = "timer" if row["kind"] == "after" else "transition"
        yield (kind, name + number), _without_nulls(part)


def _without_nulls(part: Row) -> Json:
    return {key: item for key, item in part.items() if item is not None}


def _actions(tables: rows.Rows) -> dict[Key, Json]:
    found: dict[Key, list[Json]] = {}
    for row in tables["actions"]:
        if row["owner"] != "transition":
            name = f"{row['state']} {row['owner']}".strip()
            found.setdefault(("action", name), []).append(row["action"])
    return dict(found)


def _invocations(tables: rows.Rows) -> Iterator[tuple[Key, Json]]:
    for row in tables["invocations"]:
        name = f"{row['state']} {row['invoke_id']}".strip()
        what = _without_nulls({"src": row["src"], "machine": row["machine"]})
        yield ("invocation", name), {**what, **row["settings"]}
