"""What a step did, as the shell writes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import commands, errors, exact, interpreter, plan, values
from . import configuration as sets
from .run import Run

Json = Any

MAX_SHAPES = 2000  # configurations and the like remembered per plan


def array_text(items: Iterable[str]) -> str:
    """Return the literal of a Postgres text array."""
    quoted = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return "{" + ",".join([f'"{item}"' for item in quoted]) + "}"


def remember(cache: dict[Any, Any], key: Any, value: Any) -> None:
    """Put a value into a cache that starts anew when it is full."""
    if len(cache) >= MAX_SHAPES:
        cache.clear()
    cache[key] = value


def dump_history(run: Run) -> dict[str, list[str]]:
    """Return the history value with paths for states."""
    return {key: [state.path for state in kept] for key, kept in run.history.items()}


def describe(
    run: Run, before: set[plan.State], context: Json, *, changed: bool
) -> dict[str, Json]:
    """Return what a step did, for the shell to write; what is the same is left out."""
    result: dict[str, Json] = {
        "transitions": [transition.path for transition in run.taken]
    }
    if changed:
        result.update(describe_configuration(run))
    if run.context is not context:
        difference = values.changes(run.touched, context, run.context)
        if difference is not None:
            result["context"] = run.context
            result["changes"] = difference
    if not run.running:
        result["status"] = "done"
        result["output"] = run.output
        result["commands"] = True
    if run.plan.keys and (run.context is not context or not context):
        result["keys"] = describe_keys(run)
        result["commands"] = True
    if changed and run.plan.has_defer and run.running:
        result["release"] = result["commands"] = True
    _describe_record(run, result)
    if run.commands and (netted := commands.net(run.commands, before)):
        result.update(netted)
        result["commands"] = True
    if run.plan.semantics.drops_delayed:
        # as a timer of the root: it goes when that is left
        for message in result.get("messages", ()):
            message["state"] = ""
        if not run.running:
            result["discards"] = True
    if run.plan.time_zone != "UTC" and ("timers" in result or "messages" in result):
        result["zone"] = run.plan.time_zone
    return result


def _describe_record(run: Run, result: dict[str, Json]) -> None:
    """Add what only the log keeps: notes, emitted events, answers."""
    if run.notes:
        result["notes"] = run.notes
    if run.emitted:
        result["emitted"] = run.emitted
    if run.answered:
        result["answers"] = list(run.answers[: run.answered])
    if run.plan.sensitive:
        _hide_sensitive(run, result)


def _hide_sensitive(run: Run, result: dict[str, Json]) -> None:
    """Leave sensitive paths out of what is logged; the shell leaves them out of data.

    ``sensitive`` is a list of paths, each a list of keys.
    """
    result["sensitive"] = run.plan.sensitive
    changes = result.get("changes")
    if changes:
        result["changes"] = values.without_paths(changes, run.plan.sensitive)
    if run.answered:
        result["answers"] = [{"redacted": True}]
    for event in run.emitted:
        event["data"] = values.without(event["data"], run.plan.sensitive)


def describe_configuration(run: Run) -> dict[str, Json]:
    """Return states, value and tags of the configuration, in document order.

    States and tags are texts of Postgres arrays.
    """
    key = frozenset(run.configuration)
    found = run.plan.descriptions.get(key)
    if found is None:
        found = _describe_configuration(run)
        remember(run.plan.descriptions, key, found)
    return found


def _describe_configuration(run: Run) -> dict[str, Json]:
    active = sets.document_order(run.configuration - {run.plan.root})
    tags: dict[str, None] = {}
    for state in [run.plan.root, *active]:
        tags.update(dict.fromkeys(state.tags))
    return {
        "states": array_text(state.path for state in active),
        "value": sets.state_value(run.plan.root, run.configuration),
        "tags": array_text(tags),
    }


def describe_keys(run: Run) -> dict[str, Json]:
    """Return the keys as texts, null for none; those of the input at start only."""
    found: dict[str, Json] = {}
    starts = run.scope["input"] is not None
    for name, value in run.plan.keys.items():
        if name in run.plan.start_keys and not starts:
            continue
        try:
            key = value(run)
        except errors.StepError as error:
            fact = {"message": error.message, "path": error.path}
            raise interpreter.refuse(fact) from None
        found[name] = key if key is None or isinstance(key, str) else exact.dumps(key)
    return found
