"""One step of a machine: event in, new snapshot and commands out.

The SCXML algorithm (https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation)
over a compiled ``Plan``.  The state of the running step is a ``Run``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import configuration as sets
from . import errors, work
from .plan import State, Transition
from .run import Run, make_event

Json = Any

MAX_MICROSTEPS = 1000


# -- selection ----------------------------------------------------------------------


def matching_transitions(state: State, event_type: str) -> Iterable[Transition]:
    """Yield a state's transitions for an event in their order of precedence."""
    for tokens, transition in state.tokens:
        if any(matches_token(token, event_type) for token in tokens):
            yield transition
    yield from state.descriptors.get(event_type, ())
    for descriptor, transitions in state.wildcards:
        if matches(descriptor, event_type):
            yield from transitions


def matches_token(token: str, event_type: str) -> bool:
    """Whether a descriptor without its last ".*" is a prefix of an event, by tokens."""
    return token == "*" or event_type == token or event_type.startswith(token + ".")


def matches(descriptor: str, event_type: str) -> bool:
    """Whether a descriptor of a JSON document takes an event."""
    if descriptor == event_type or descriptor == "*":
        return True
    return descriptor.endswith(".*") and matches_token(descriptor[:-2], event_type)


def select_transitions(run: Run, event: Mapping[str, Json]) -> list[Transition]:
    """Return the optimal set of transitions that the event enables."""
    event_type = event["type"]
    enabled: list[Transition] = []
    if run.plan.semantics.by_atomic_state:
        _select_by_atomic_state(run, event_type, enabled)
    else:
        _select_by_region(run, run.plan.root, event_type, enabled)
    return sets.remove_conflicting_transitions(enabled, run.configuration, run.history)


def select_eventless_transitions(run: Run) -> list[Transition]:
    """Return the optimal set of enabled transitions that need no event."""
    if not run.plan.has_always:
        return []
    enabled: list[Transition] = []
    _select_by_atomic_state(run, None, enabled)
    return sets.remove_conflicting_transitions(enabled, run.configuration, run.history)


def _select_by_region(
    run: Run, state: State, event_type: str, enabled: list[Transition]
) -> bool:
    """Descendants first; a state is asked when nothing below it is enabled."""
    found = False
    for child in state.children:
        if child in run.configuration:
            found |= _select_by_region(run, child, event_type, enabled)
    if found:
        return True
    transition = _first_enabled(run, state, event_type)
    if transition is None:
        return _keeps(run, state, event_type)
    enabled.append(transition)
    return True


def _keeps(run: Run, state: State, event_type: str | None) -> bool:
    """Whether a state defers an outside event, so that no ancestor is asked."""
    return (
        run.may_defer
        and event_type is not None
        and any(matches(descriptor, event_type) for descriptor in state.defer)
    )


def _select_by_atomic_state(
    run: Run, event_type: str | None, enabled: list[Transition]
) -> None:
    """Each atomic state takes the first transition of its own or of an ancestor."""
    asked: dict[State, Transition | None] = {}
    for atomic in sets.document_order(run.configuration):
        if atomic.children:
            continue
        for state in (atomic, *atomic.ancestors):
            if state not in asked:
                asked[state] = _first_enabled(run, state, event_type)
            found = asked[state]
            if found is not None:
                enabled.append(found)
            if found is not None or _keeps(run, state, event_type):
                break


def _first_enabled(run: Run, state: State, event_type: str | None) -> Transition | None:
    """Return a state's transition for an event, or its eventless one."""
    if event_type is None:
        candidates: Iterable[Transition] = state.always
    elif state.descriptors or state.wildcards or state.tokens:
        candidates = matching_transitions(state, event_type)
    else:
        return None
    for transition in candidates:
        run.where = {"state": state.path, "transition": transition.path}
        if run.test(transition.guard):
            return transition
        if event_type is not None and transition.guard is not None:
            run.refused_by.append(transition.guard.label)
    return None


# -- microsteps -----------------------------------------------------------------------


def microstep(run: Run, transitions: Sequence[Transition]) -> None:
    """Exit states, run the transitions' content, enter states."""
    run.taken.extend(transitions)
    exit_states(run, transitions)
    execute_transition_content(run, transitions)
    enter_states(run, sets.compute_entry_set(transitions, run.history))


def exit_states(run: Run, transitions: Sequence[Transition]) -> None:
    """Leave the exit set in reverse document order, recording history first."""
    leaving = sets.exit_order(
        sets.compute_exit_set(transitions, run.configuration, run.history)
    )
    for state in leaving:
        _record_history(run, state)
    for state in leaving:
        exit_state(run, state)
        run.configuration.discard(state)


def _record_history(run: Run, state: State) -> None:
    for child in state.children:
        if child.kind != "history":
            continue
        if child.history == "deep":
            kept = [
                s for s in run.configuration if not s.children and state in s.ancestors
            ]
        else:
            kept = [s for s in run.configuration if s.parent is state]
        run.history[child.path] = sets.document_order(kept)


def exit_state(run: Run, state: State) -> None:
    """Run a state's exit content; its timers and invocations end."""
    run.where = {"state": state.path}
    run.execute_block(state.exit)
    work.leave(run, state)
    if state.delays or state.invocations:
        run.commands.append(("exit", state))
        if state in run.to_invoke:
            run.to_invoke.remove(state)


def execute_transition_content(run: Run, transitions: Sequence[Transition]) -> None:
    """Run the transitions' actions in document order."""
    for transition in transitions:
        if transition.actions is not None:
            run.where = {"state": transition.source.path, "transition": transition.path}
            run.execute_block(transition.actions)


def enter_states(run: Run, entering: sets.EntrySet) -> None:
    """Enter what is not active yet in document order, and raise done events."""
    completed: set[State] = set()
    for state in sets.document_order(entering.states - run.configuration):
        run.configuration.add(state)
        run.where = {"state": state.path}
        if state.data and run.plan.late_binding:
            bind_once(run, state)
        run.entering = state
        run.execute_block(state.entry)
        run.entering = None
        start_work(run, state)
        if state in entering.default_entry and state.initial is not None:
            run.execute_block(state.initial.actions)
        run.execute_block(entering.default_content.get(state))
        if state.kind == "final":
            enter_final(run, state, completed)


def initialise_data(run: Run, given: Json) -> None:
    """Bind SCXML's data in document order: all of it, or what the root declares.

    What the input names at the root has its value from there.  A state's data,
    bound late, is null until the state is entered.
    """
    context = {name: None for state in run.plan.states for name, _ in state.data}
    run.context = run.scope["context"] = context
    for state in run.plan.states:
        if state.parent is None:
            overrides = given if isinstance(given, Mapping) else {}
            bind(run, state, overrides)
        elif not run.plan.late_binding:
            bind(run, state, {})


def bind(run: Run, state: State, overrides: Mapping[str, Json]) -> None:
    """Give a state's data their first values; a value that fails is null."""
    run.where = {"state": state.path}
    for name, value in state.data:
        datum = overrides[name] if name in overrides else run.evaluate(value)
        run.assign([([name], datum)], [], state.document_path)


def bind_once(run: Run, state: State) -> None:
    """Bind a state's data when it is entered for the first time."""
    if state.parent is not None and state.path not in run.work.get("bound", {}):
        run.keep("bound", state.path, True)
        bind(run, state, {})


def start_work(run: Run, state: State) -> None:
    """Arm a state's delayed transitions and ask for its invocations."""
    for delay in state.delays:
        if delay.key in run.plan.rearmed:
            run.keep("entered", state.path, run.scope["now"])
        due = run.evaluate(delay.due)
        if due is not None:
            run.commands.append(("after", delay, due))
    if state.invocations and run.plan.semantics.invoke_when_settled:
        run.to_invoke.append(state)
        return
    for invocation in state.invocations:
        work.start_invocation(run, invocation)


def start_invocations(run: Run) -> None:
    """Start what the states want that have been entered and not left."""
    states = sets.document_order(run.to_invoke)
    run.to_invoke = []
    for state in states:
        for invocation in state.invocations:
            work.start_invocation(run, invocation)


def enter_final(run: Run, state: State, completed: set[State]) -> None:
    """Raise the done events of a final state, or finish the machine."""
    parent = state.parent
    assert parent is not None
    output = run.evaluate(state.output) if state.output is not None else None
    if parent.parent is None and parent.kind == "compound":
        _finish(run, output)
        return
    if parent.kind == "compound":
        run.enqueue(parent.done_event, {}, output=output)
    region = parent if parent.kind == "parallel" else parent.parent
    while region is not None and region.kind == "parallel":
        if region in completed or not sets.is_in_final_state(region, run.configuration):
            return
        completed.add(region)
        if region.parent is None:
            _finish(run, None)
            return
        run.enqueue(region.done_event, {})
        region = region.parent


def _finish(run: Run, output: Json) -> None:
    """The machine is done: leave everything, in exit order, and say so."""
    run.running = False
    if run.plan.output is not None:
        event = make_event("done.state.", {}, output=output)
        with run.names(event=event):
            output = run.evaluate(run.plan.output)
    run.output = output


# -- macrosteps -----------------------------------------------------------------------


def start(run: Run, event: Mapping[str, Json]) -> None:
    """Enter the initial configuration and settle."""
    run.scope["event"] = event
    entering = sets.EntrySet(run.history)
    entering.add_descendant_states_to_enter(run.plan.root)
    enter_states(run, entering)
    settle(run)


def macrostep(
    run: Run, event: Mapping[str, Json], origin: str = "event", may_defer: bool = False
) -> bool:
    """Apply an event and settle; False when no transition took it."""
    before, context = run.work, run.context
    received = work.receive(run, event, origin)
    if received is None:
        return False
    run.see(received, "external")
    if run.plan.semantics.data_by_name:
        work.finalize(run, received)
        work.forward(run, received)
    run.may_defer = may_defer and run.plan.has_defer
    enabled = select_transitions(run, received)
    live = [t for t in enabled if t.targets is not None or t.actions is not None]
    if run.may_defer and not live and is_deferred(run, received["type"]):
        return False
    run.may_defer = False
    same = run.work is before and run.context is context and not run.commands
    quiet = not live and not run.queue and same
    if quiet and not run.plan.has_always:
        return False
    if live:
        microstep(run, enabled)
    settle(run)
    return not quiet or bool(run.taken)


def is_deferred(run: Run, event_type: str) -> bool:
    """Whether an active state keeps an event for later."""
    return run.plan.has_defer and any(
        matches(descriptor, event_type)
        for state in run.configuration
        for descriptor in state.defer
    )


def stop(run: Run) -> None:
    """Leave all states, with their exit content; errors there are of no account."""
    run.scope["event"] = make_event("pgsm.stop", {})
    run.running = False
    _leave_all(run)


def _leave_all(run: Run) -> None:
    run.to_invoke = []
    for state in sets.exit_order(run.configuration):
        exit_state(run, state)
    work.stop_all(run)


def settle(run: Run) -> None:
    """Take eventless transitions and internal events until there are none.

    Raises Refusal when that does not end, or when an error has no handler.
    """
    steps = 0
    rested = False
    while run.running:
        enabled = [] if rested else select_eventless_transitions(run)
        before = _standing(run) if enabled and run.plan.semantics.rests else None
        if not enabled:
            if not run.queue:
                if not run.to_invoke:
                    return
                start_invocations(run)
                continue
            event = run.queue.popleft()
            run.see(event, "internal")
            enabled = select_transitions(run, event)
            if not enabled:
                _refuse_error(run, event)
        if not enabled:
            rested = False
            continue
        microstep(run, enabled)
        rested = before is not None and _is_standing(run, before)
        steps += 1
        if steps > MAX_MICROSTEPS:
            raise errors.Refusal(
                errors.NEVER_SETTLES,
                f"the machine did not settle after {MAX_MICROSTEPS} microsteps",
                detail=f"the last transition was {run.taken[-1].path}",
                hint="look for always-transitions or raised events that form a cycle",
            )
    _leave_all(run)
    for event in run.queue:
        _refuse_error(run, event)


def _standing(run: Run) -> tuple[Any, ...]:
    """What a microstep may change; an assign makes a new context."""
    return set(run.configuration), dict(run.history), run.context, run.work


def _is_standing(run: Run, before: tuple[Any, ...]) -> bool:
    """Whether nothing has changed since then."""
    configuration, history, context, kept = before
    still = run.context is context and run.work is kept
    return still and run.configuration == configuration and run.history == history


def _refuse_error(run: Run, event: Mapping[str, Json]) -> None:
    """Refuse the whole step for an error that nobody handles."""
    if event["type"] == "error.execution" and run.plan.semantics.refuse_errors:
        raise refuse(event["error"])


def refuse(error: Mapping[str, Json]) -> errors.Refusal:
    """Return the refusal of an event because of an error that nobody handles."""
    facts = {key: error[key] for key in ("state", "transition") if key in error}
    detail = [f'{key} "{value}"' for key, value in facts.items()]
    return errors.Refusal(
        errors.EVENT_FAILED,
        error["message"],
        detail=", ".join([*detail, f"at {error['path']}"]),
        sqlstate=error.get("code"),
        facts={**facts, "action": error["path"]},
    )
