"""An instance moved to another version, or to other states of its own.

The declared rules are ``{"states", "state", "context", "timers", "effects",
"history", "entry"}``, with ``finals``, the final states of the old version, and
``keys``, the names of its keys; for a repair also ``targets``, the states that are
active then, and ``value``, its context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from . import configuration as sets
from . import errors, exact, interpreter, schemas, upgrade, upgrade_template, values
from .description import describe, describe_keys, dump_history
from .plan import Plan, State
from .run import Run, make_event
from .upgrade_work import Work

Json = Any
HISTORY = ("keep", "refuse", "forget")


@lru_cache(maxsize=100)
def _rules(declared: str) -> dict[str, Json]:
    rules: dict[str, Json] = exact.loads(declared)
    return rules


def migrate(
    run: Run,
    old: Sequence[str],
    history: Json,
    declared: str,
    timers: Json,
    effects: Json,
) -> Json:
    """Move a run to its plan's version, and settle.

    The run has no states yet.  ``timers`` and ``effects`` are the rows of the old
    version that may go on.  Neither entry nor exit content runs, unless asked for.
    """
    rules = _rules(declared)
    before = run.context
    run.scope["event"] = make_event("pgsm.upgrade", {})
    mapping: upgrade.StateMap = rules["states"]
    if rules.get("state") is not None:
        mapping = _ask_states(run, rules["state"], mapping, old)
    run.configuration.update(_configuration(run.plan, rules, mapping, old))
    dropped = _map_history(run, rules.get("history", "keep"), mapping, history)
    if rules.get("value") is not None:
        run.context = run.scope["context"] = rules["value"]
    elif rules["context"] is not None:
        _map_context(run, rules["context"], old)
    going_on = Work(
        run,
        mapping,
        rules["timers"],
        rules.get("effects", "keep"),
        lenient=rules.get("targets") is not None,
    )
    kept = {
        "timers": going_on.keep_timers(timers),
        "effects": going_on.keep_invocations(effects),
    }
    going_on.keep_running_work()
    start_states = set(run.configuration)
    going_on.arm_missing()
    if rules.get("entry"):
        going_on.run_entries(old)
    going_on.start_missing()
    _raise_done(run, old, rules.get("finals"))
    if run.running:
        interpreter.settle(run)
    else:
        run.commands.extend(("exit", state) for state in run.configuration)
    schemas.check_context(run)
    result = _describe(run, start_states, before, kept, dropped)
    _describe_keys(run, rules.get("keys") or (), result)
    return result


def _describe(
    run: Run, start_states: set[State], before: Json, kept: Json, dropped: list[str]
) -> Json:
    result = describe(run, start_states, before, changed=True)
    result["history"] = dump_history(run)
    result["kept"] = kept
    result["work"] = run.work
    if run.running:  # the new version may take what the old one deferred
        result["release"] = result["commands"] = True
    if dropped:
        result["dropped"] = {"history": dropped}
    if run.context is not before:
        result["context"] = run.context
        result["changes"] = {"set": {"": run.context}}
        if run.plan.sensitive:
            result["changes"] = values.without_paths(
                result["changes"], run.plan.sensitive
            )
    return result


def _describe_keys(run: Run, old: Sequence[str], result: dict[str, Json]) -> None:
    """Add all keys: the new version may have others of the same context."""
    keys = describe_keys(run) if run.plan.keys else {}
    gone = {name: None for name in old if name not in run.plan.keys}
    if keys or gone:
        result["keys"] = {**keys, **gone}
        result["commands"] = True


def _configuration(
    plan: Plan, rules: Mapping[str, Json], mapping: upgrade.StateMap, old: Sequence[str]
) -> set[State]:
    targets = rules.get("targets")
    if targets is None:
        return upgrade.map_states(old, mapping, plan, rules.get("finals"))
    for path in targets:
        if path not in plan.state_by_path:
            raise upgrade.refuse(f'there is no state "{path}"')
        if plan.state_by_path[path].kind == "history":
            raise upgrade.refuse(f'"{path}" is a history state')
    return upgrade.complete([plan.state_by_path[path] for path in targets], plan)


def map_states(plan: Plan, declared: str, old: str) -> list[str]:
    """Return the states that active states (a line each) become by declared rules."""
    rules = _rules(declared)
    paths = old.split("\n") if old else []
    return _active(plan, _configuration(plan, rules, rules["states"], paths))


def _active(plan: Plan, configuration: set[State]) -> list[str]:
    return [state.path for state in sets.document_order(configuration - {plan.root})]


def _ask_states(
    run: Run, function: str, mapping: upgrade.StateMap, old: Sequence[str]
) -> upgrade.StateMap:
    """Return the map with what the state function says about the active leaves."""
    found = dict(mapping)
    for leaf in upgrade.leaves(old):
        target = _ask(run, "state", function, [leaf, run.context])
        if target is None:
            continue
        state = run.plan.state_by_path.get(target)
        if state is None or state.kind == "history":
            raise upgrade.refuse(
                f"the state function {function} returned {exact.dumps(target)},"
                " which is no state of the new version"
            )
        found[leaf] = target
    return found


def _map_history(
    run: Run, policy: str, mapping: upgrade.StateMap, history: Json
) -> list[str]:
    if policy == "forget":
        return []
    kept, dropped = upgrade.map_history(history, mapping, run.plan)
    run.history.update(kept)
    if dropped and policy == "refuse":
        raise upgrade.refuse(
            f'the history "{dropped[0]}" has no counterpart',
            hint='history => "keep" forgets it',
        )
    return dropped


def _map_context(run: Run, declared: str, old: Sequence[str]) -> None:
    if upgrade_template.is_template(declared):
        try:
            upgrade_template.apply(run, declared)
        except errors.StepError as error:
            raise upgrade.refuse(
                f"the context template failed: {error.message}", detail=error.path
            ) from None
        return
    new = _active(run.plan, run.configuration)
    instance_id = run.scope["instance"]["id"]
    context = _ask(run, "context", declared, [instance_id, run.context, list(old), new])
    if not isinstance(context, dict):
        kind = values.type_name(context)
        raise upgrade.refuse(
            f"the context function {declared} returned {kind}, not an object"
        )
    run.context = run.scope["context"] = context


def _ask(run: Run, what: str, function: str, arguments: list[Json]) -> Json:
    run.begin()
    run.where = {"transition": "pgsm.upgrade"}
    try:
        return run.ask("call", function, arguments, what)
    except errors.StepError as error:
        raise upgrade.refuse(
            f"the {what} function {function} failed: {error.message}",
            sqlstate=error.code,
        ) from None


def _raise_done(run: Run, old: Sequence[str], finals: Sequence[str] | None) -> None:
    """A final state that the map has led to is as good as one that was entered."""
    known = [path for path in old if finals is None or path in finals]
    completed: set[State] = set()
    for state in sets.document_order(run.configuration):
        if state.kind == "final" and state.path not in known:
            run.where = {"state": state.path}
            interpreter.enter_final(run, state, completed)
