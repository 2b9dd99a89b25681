"""The engine's door: operations on JSON texts, called by the SQL shell.

``call(operation, arguments)`` takes texts (or None) and returns a JSON text:

``{"error": {"code", "message", "detail", "hint"}}``  the event is refused
``{"question": {"kind": …}}``                      ask, and call again with the answer
anything else                                     the operation's result

A question is ``document`` (the plan of that checksum is not cached: pass the
document), ``call`` or ``sql`` (run the function, append ``{"value"}`` or
``{"error"}`` to the answers) or ``undo`` (roll the block back, put its error in
place of the block's answers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import configuration as sets
from . import errors, exact, interpreter, plan, schemas, values
from .description import describe, dump_history, remember
from .run import SYSTEM, Run, make_event

Json = Any

MAX_PLANS = 200

_plans: dict[str, plan.Plan] = {}


def call(operation: str, arguments: Sequence[str | None]) -> str:
    """Return the result of an operation as JSON text."""
    result = attempt(OPERATIONS[operation], arguments)
    try:
        return exact.dumps(result)
    except ValueError as error:
        bad = errors.Refusal(
            errors.BAD_RESULT, f"the result cannot be stored as JSON: {error}"
        )
        return exact.dumps({"error": bad.as_json()})


def attempt(operation: Callable[..., Json], arguments: Sequence[Any]) -> Json:
    """Return an operation's result, its question or its refusal."""
    try:
        return operation(*arguments)
    except errors.Question as question:
        return {"question": question.question}
    except errors.Refusal as refusal:
        return {"error": refusal.as_json()}


def get_plan(checksum: str, document: str | None) -> plan.Plan:
    """Return the plan of a version from the cache, or ask for its document."""
    found = _plans.get(checksum)
    if found is not None:
        return found
    if document is None:
        raise errors.Question(kind="document")
    if len(_plans) >= MAX_PLANS:
        del _plans[next(iter(_plans))]
    compiled = _plans[checksum] = plan.compile_plan(exact.loads(document))
    return compiled


def loads(text: str | None) -> Json:
    """Return a JSON text's value; null for None."""
    if text is None:
        return None
    return {} if text == "{}" else exact.loads(text)


def load_run(
    machine: plan.Plan,
    states: str | None,
    context: str,
    history: str | None,
    work: str | None,
    who: Who,
) -> Run:
    """Return a run that stands where the instance stands."""
    return Run(
        machine,
        set(load_configuration(machine, states or "")),
        load_history(machine, loads(history)),
        loads(context),
        who.scope(),
        loads(work) or {},
        int(who.revision),
        loads(who.answers) or (),
    )


def load_configuration(machine: plan.Plan, states: str) -> frozenset[plan.State]:
    """Return the configuration of the active states' paths, a line each."""
    found = machine.configurations.get(states)
    if found is None:
        by_path = machine.state_by_path
        paths = states.split("\n") if states else ()
        found = frozenset([machine.root, *(by_path[path] for path in paths)])
        remember(machine.configurations, states, found)
    return found


def load_history(machine: plan.Plan, history: Json) -> dict[str, list[plan.State]]:
    """Return the history value with states for paths."""
    by_path = machine.state_by_path
    return {
        key: [by_path[path] for path in paths] for key, paths in (history or {}).items()
    }


class Who(NamedTuple):
    """Whose step it is and when: the last arguments of an operation on an instance.

    ``revision`` is the instance's before the step; ``answers`` those so far.
    """

    instance_id: str
    machine: str
    version: str
    parent: str | None
    clock: str
    actor: str | None
    revision: str = "0"
    answers: str | None = None

    def scope(self) -> dict[str, Json]:
        """Return the names that expressions see, but for event and context."""
        return {
            "instance": {
                "id": self.instance_id,
                "machine": self.machine,
                "version": int(self.version),
                "parent": self.parent,
            },
            "now": self.clock,
            "auth": loads(self.actor) or dict(SYSTEM),
            "params": None,
            "item": None,
            "index": None,
            "input": None,
        }


def start(
    checksum: str,
    document: str | None,
    given: str,
    *who: Any,
) -> Json:
    """The first step of an instance: its context, and its initial configuration."""
    compiled = get_plan(checksum, document)
    its = Who(*who)
    scope = its.scope()
    scope["input"] = loads(given)
    scope["event"] = make_event("pgsm.start", scope["input"])
    run = Run(compiled, set(), {}, {}, scope, {}, 0, loads(its.answers) or ())
    run.where = {"state": ""}
    schemas.check_input(run, scope["input"])
    if compiled.semantics.data_by_name:
        interpreter.initialise_data(run, scope["input"])
    else:
        context = run.evaluate(compiled.context)
        if run.queue:
            raise interpreter.refuse(run.queue[0]["error"])
        if not isinstance(context, dict):
            kind = values.type_name(context)
            message = f"the context is an object, not {kind}"
            raise errors.Refusal(errors.EVENT_FAILED, message, detail="at $.context")
        run.context = scope["context"] = context
    interpreter.start(run, scope["event"])
    schemas.check_context(run)
    result = describe(run, set(), {}, changed=True)
    result["context"] = run.context
    if run.history:
        result["history"] = dump_history(run)
    if run.work:
        result["work"] = run.work
    return result


def step(
    checksum: str,
    document: str | None,
    states: str | None,
    context: str,
    history: str | None,
    work: str | None,
    event: str,
    data: str,
    facts: str | None,
    origin: str,
    *who: Any,
) -> Json:
    """Apply one event: run to completion, or say why nothing took it.

    ``facts`` is an object with the event's id, output, error and source, or None.
    """
    compiled = get_plan(checksum, document)
    check_event(event, data, origin)
    if origin in ("event", "post"):
        _refuse_internal(compiled.internal_events, event)
    run = load_run(compiled, states, context, history, work, Who(*who))
    before_states, before_context = set(run.configuration), run.context
    before_history = dict(run.history) if run.history else {}
    before_work = run.work
    message = make_event(event, loads(data), **(loads(facts) or {}))
    schemas.check_event(run, message, origin)
    may_defer = not _RESERVED.match(event)
    if not interpreter.macrostep(run, message, origin, may_defer):
        if may_defer and interpreter.is_deferred(run, event):
            return {"transitions": [], "deferred": True}
        return _not_taken(run)
    if run.context is not before_context:
        schemas.check_context(run)
    result = describe(
        run, before_states, before_context, changed=run.configuration != before_states
    )
    if run.history != before_history:
        result["history"] = dump_history(run)
    if run.work is not before_work:
        result["work"] = run.work
    return result


def steps(*batch: Sequence[str | None]) -> Json:
    """Return what `step` gives for each list of arguments: of different instances."""
    return [attempt(step, arguments) for arguments in batch]


def prepare(checksum: str, document: str | None) -> Json:
    """Have a version's plan in the cache."""
    get_plan(checksum, document)
    return {}


def stop(
    checksum: str,
    document: str | None,
    states: str | None,
    context: str,
    history: str | None,
    work: str | None,
    *who: Any,
) -> Json:
    """Leave all states, running their exit content: the instance is stopped."""
    compiled = get_plan(checksum, document)
    run = load_run(compiled, states, context, history, work, Who(*who))
    before_states, before_context = set(run.configuration), run.context
    interpreter.stop(run)
    result = describe(run, before_states, before_context, changed=False)
    ended = {"status": "stopped", "work": {}, "commands": True}
    return {**result, **ended, "output": None}


def _refuse_internal(descriptors: Sequence[str], event: str) -> None:
    """Refuse what only the machine itself may raise."""
    for descriptor in descriptors:
        if interpreter.matches(descriptor, event):
            raise errors.Refusal(
                errors.BAD_EVENT,
                f'the event "{event}" is internal: it cannot be sent from outside',
                detail=f'internalEvents has "{descriptor}"',
            )


_RESERVED = re.compile(
    r"(done\.(invoke|item|state)|error\.(invoke|execution|communication)|after|late|pgsm|xstate)"
    r"(\.|$)"
)


def check_event(event: str | None, data: str | None, origin: str) -> None:
    """Refuse what is no event; the engine's own events come from the engine only."""
    if not event or len(event) > 500 or not event.isprintable():
        raise errors.Refusal(
            errors.BAD_EVENT, "an event is a text of 1 to 500 printable characters"
        )
    if origin in ("event", "post") and _RESERVED.match(event):
        raise errors.Refusal(
            errors.BAD_EVENT,
            f'"{event}" comes from the engine and cannot be sent',
            hint="an effect's outcome is reported with complete_effects or fail_effect",
        )
    own = origin in ("timer", "message")  # SCXML sends any JSON
    if data is None or not (own or data.startswith("{")):
        raise errors.Refusal(
            errors.BAD_EVENT,
            "the data of an event is a JSON object",
            hint='wrap it: {"value": …}',
        )


def _not_taken(run: Run) -> Json:
    result: dict[str, Json] = {"outcome": "no_transition", "details": {}}
    if run.refused_by:
        refused = list(dict.fromkeys(run.refused_by))
        result = {"outcome": "guarded", "details": {"refused_by": refused}}
    return result


def enabled(
    checksum: str,
    document: str | None,
    states: str | None,
    context: str,
    history: str | None,
    *who: Any,
) -> Json:
    """Return the events that the configuration names, and whether a guard allows them.

    ``[{"event", "state", "enabled"}]`` with enabled true, false or "depends": on
    the event's data or on SQL, which is not asked here.
    """
    compiled = get_plan(checksum, document)
    run = load_run(compiled, states, context, history, None, Who(*who))
    run.scope["event"] = make_event("", {})
    found: list[dict[str, Json]] = []
    for state in sets.exit_order(run.configuration):
        groups = [*state.descriptors.items(), *state.wildcards]
        for descriptor, transitions in groups:
            verdicts = [_verdict(run, transition) for transition in transitions]
            best = True if True in verdicts else next((v for v in verdicts if v), False)
            found.append({"event": descriptor, "state": state.path, "enabled": best})
    return {"events": found}


def _verdict(run: Run, transition: plan.Transition) -> bool | str:
    if transition.guard is None:
        return True
    try:
        return transition.guard.test(run)
    except (errors.StepError, errors.Question):
        return "depends"


def migrate(
    checksum: str,
    document: str | None,
    states: str | None,
    context: str,
    history: str | None,
    work: str | None,
    declared: str,
    timers: str,
    effects: str,
    *who: Any,
) -> Json:
    """Move an instance to the version of ``checksum``: see `migration`."""
    from . import migration

    compiled = get_plan(checksum, document)
    run = load_run(compiled, None, context, None, work, Who(*who))
    run.configuration.clear()
    old = states.split("\n") if states else []
    return migration.migrate(
        run, old, loads(history) or {}, declared, loads(timers), loads(effects)
    )


def migrations(*batch: Sequence[str | None]) -> Json:
    """Return what `migrate` gives for each of different instances."""
    return [attempt(migrate, arguments) for arguments in batch]


def map_states(
    checksum: str, document: str | None, declared: str, *configurations: str
) -> Json:
    """Return the active states that each configuration becomes, or its refusal."""
    from . import migration

    compiled = get_plan(checksum, document)
    return [
        attempt(migration.map_states, [compiled, declared, states])
        for states in configurations
    ]


def check_upgrade(
    old_checksum: str,
    old_document: str,
    new_checksum: str,
    new_document: str,
    declared: str,
) -> Json:
    """Return ``{"problems": [...]}`` of a declared map between two versions."""
    from . import upgrade_check

    old = get_plan(old_checksum, old_document)
    new = get_plan(new_checksum, new_document)
    return {"problems": upgrade_check.problems(old, new, loads(declared))}


def cover(hops: str, items: str) -> Json:
    """Return where live rows would go along a path of upgrades: see `coverage`."""
    from . import coverage

    path = [
        (get_plan(hop["checksum"], hop["document"]), hop["rules"])
        for hop in loads(hops)
    ]
    return {"rows": coverage.rows(path, loads(items))}


def replay(checksum: str, document: str | None, facts: str, rows: str) -> Json:
    """Return where recorded events would have gone otherwise: see `replay`."""
    from . import replay as replays

    return replays.replay(get_plan(checksum, document), loads(facts), loads(rows))


def define(text: str) -> Json:
    """Check a document: all its problems, or its rows, checksum and functions."""
    from . import definition, rows

    checked = definition.check(text)
    result: dict[str, Json] = {
        "problems": [
            {"path": p.path, "code": p.code, "message": p.message, "hint": p.hint}
            for p in checked.problems
        ],
        "functions": [
            {"path": use.path, "function": use.function, "kind": use.kind}
            for use in checked.functions
        ],
        "intervals": [
            {"path": path, "interval": interval} for path, interval in checked.intervals
        ],
        "schemas": [
            {"path": path, "schema": schema} for path, schema in checked.schemas
        ],
    }
    if checked.document is not None:
        result["checksum"] = checked.checksum
        result["rows"] = rows.to_rows(checked.document)
        result["unhandled"] = checked.document.get("unhandled", "ignore")
        result["time_zone"] = checked.document.get("timeZone", "UTC")
    return result


def document(text: str) -> Json:
    """Return the document that a version's rows stand for."""
    from . import rows

    return rows.from_rows(exact.loads(text))


def lint_document(text: str) -> Json:
    """Return the warnings about a document in normal form."""
    from . import lint

    return lint.operation(text)


def diagram_document(text: str, active: str | None) -> Json:
    """Return the Mermaid text of a document in normal form."""
    from . import diagram

    return diagram.operation(text, active)


def check_sendable(
    event: str | None, data: str | None, origin: str, internal: str | None = None
) -> Json:
    """Return an empty object, or the refusal of what cannot be sent to a machine.

    ``internal`` is its internalEvents; None where the machine is not known.
    """
    check_event(event, data, origin)
    assert event is not None
    _refuse_internal(loads(internal) or (), event)
    return {}


OPERATIONS: dict[str, Callable[..., Json]] = {
    "stop": stop,
    "check_event": check_sendable,
    "start": start,
    "step": step,
    "steps": steps,
    "prepare": prepare,
    "enabled": enabled,
    "migrate": migrate,
    "migrations": migrations,
    "map_states": map_states,
    "check_upgrade": check_upgrade,
    "cover": cover,
    "replay": replay,
    "define": define,
    "document": document,
    "lint": lint_document,
    "diagram": diagram_document,
}
