"""One step of a machine: event in, new snapshot and commands out.

The SCXML algorithm (https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation)
over a compiled ``Plan``.  Nothing here reads a clock, draws randomness or does
I/O.  What only the database knows (the value of a call, a ``sql`` guard) is a
``Question``: the caller answers it and runs the step again from the start with
all answers so far.

``run.commands`` is an append-only journal, so that a failed block is undone by
cutting it back; ``commands.net`` makes lists for the shell of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from . import configuration as sets
from . import errors, values
from .content import Block, Guard
from .plan import Plan, State, Transition

Json = Any

MAX_MICROSTEPS = 1000
SYSTEM: Mapping[str, Json] = {"role": "system"}


class _Names:
    """Names that expressions see for a while, restored afterwards."""

    __slots__ = ("before", "new", "scope")

    def __init__(self, scope: dict[str, Json], new: Mapping[str, Json]) -> None:
        self.scope = scope
        self.new = new

    def __enter__(self) -> None:
        self.before = {key: self.scope.get(key, _ABSENT) for key in self.new}
        self.scope.update(self.new)

    def __exit__(self, *_: object) -> None:
        for key, value in self.before.items():
            if value is _ABSENT:
                del self.scope[key]
            else:
                self.scope[key] = value


_ABSENT = object()


class Run:
    """The state of one step while it runs."""

    __slots__ = (
        "answered",
        "answers",
        "block",
        "calls",
        "commands",
        "configuration",
        "context",
        "emitted",
        "history",
        "notes",
        "output",
        "plan",
        "queue",
        "refused_by",
        "running",
        "scope",
        "taken",
        "touched",
        "where",
    )

    def __init__(
        self,
        plan: Plan,
        configuration: set[State],
        history: dict[str, list[State]],
        context: Json,
        scope: dict[str, Json],
        answers: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        self.plan = plan
        self.configuration = configuration
        self.history = history
        self.context = context
        self.scope = scope
        self.scope["context"] = context
        # bound to the set, not to the run: a cycle would be garbage at each step
        self.scope["in_state"] = partial(in_state, plan.state_by_path, configuration)
        self.answers = answers
        self.answered = 0
        self.block = 0
        self.calls = 0
        self.queue: deque[Json] = deque()
        self.commands: list[tuple[Any, ...]] = []
        self.emitted: list[Json] = []
        self.notes: list[Json] = []
        self.touched: list[tuple[str | int, ...]] = []
        self.taken: list[Transition] = []
        self.refused_by: list[str] = []
        self.running = True
        self.output: Json = None
        self.where: dict[str, str] = {}

    # -- what closures call -----------------------------------------------------

    def names(self, **new: Json) -> _Names:
        """Names for expressions while a ``with`` block lasts."""
        return _Names(self.scope, new)

    def ask(self, kind: str, function: str, arguments: list[Json], path: str) -> Json:
        """Return the database's answer, or leave the step to ask for it."""
        if self.answered == len(self.answers):
            raise errors.Question(
                kind=kind,
                block=self.block,
                function=function,
                args=arguments,
                path=path,
                **self.where,
            )
        answer = self.answers[self.answered]
        self.answered += 1
        if "error" in answer:
            error = answer["error"]
            # a block is undone as a whole: its first question meets a later one's error
            where = error.get("path", path)
            raise errors.StepError(error["message"], where, error.get("code"))
        if kind == "call":
            self.calls += 1
        return answer["value"]

    def assign(
        self,
        news: Iterable[tuple[list[str | int], Json]],
        gone: Iterable[list[str | int]],
        path: str,
    ) -> None:
        """Set and remove paths of the context; later actions see the result."""
        context = self.context
        try:
            for keys, value in news:
                context = values.set_in(context, keys, value)
                self.touched.append(tuple(keys))
            for keys in gone:
                context = values.remove_in(context, keys)
                self.touched.append(tuple(keys))
        except values.PathError as error:
            raise errors.StepError(str(error), path) from None
        self.context = self.scope["context"] = context

    def raise_event(self, event: str, data: Json) -> None:
        """Put an event on the internal queue."""
        self.queue.append(make_event(event, data))

    def arm(
        self,
        event: str,
        data: Json,
        due: Mapping[str, Json] | None,
        send_id: Json,
        path: str,
    ) -> None:
        """A delayed event to this instance; no due time, no timer."""
        if due is not None:
            self.commands.append(("send", event, data, due, _send_id(send_id, path)))

    def send(
        self,
        receiver: Json,
        event: str,
        data: Json,
        due: Mapping[str, Json] | None,
        send_id: Json,
        path: str,
    ) -> None:
        """An event to another instance, after this step."""
        if not isinstance(receiver, str) or not receiver:
            kind = values.type_name(receiver)
            raise errors.StepError(f"an instance id is a text, not {kind}", path)
        if due is not None:
            self.commands.append(
                ("message", receiver, event, data, due, _send_id(send_id, path))
            )

    def cancel(self, send_id: Json, path: str) -> None:
        """Drop the delayed events of this instance that have this send id."""
        if not isinstance(send_id, str):
            kind = values.type_name(send_id)
            raise errors.StepError(f"a send id is a text, not {kind}", path)
        self.commands.append(("cancel", send_id))

    def effect(
        self, name: str, given: Json, policy: Json, reply: str | None, key: Json
    ) -> None:
        """Work on the outside world, once this step is committed."""
        self.commands.append(("effect", name, given, policy, reply, key))

    # -- blocks and guards --------------------------------------------------------

    def execute_block(self, block: Block | None) -> None:
        """Run executable content; an error undoes all of it and becomes an event."""
        if block is None:
            return
        self.block += 1
        self.calls = 0
        context, commands, queue = self.context, len(self.commands), len(self.queue)
        touched, notes, emitted = len(self.touched), len(self.notes), len(self.emitted)
        try:
            for action in block.actions:
                action(self)
        except errors.StepError as error:
            if self.calls:
                self._ask_to_undo(error)
            self.context = self.scope["context"] = context
            del self.commands[commands:], self.touched[touched:]
            del self.notes[notes:], self.emitted[emitted:]
            while len(self.queue) > queue:
                self.queue.pop()
            self.fail(error)

    def _ask_to_undo(self, error: errors.StepError) -> None:
        """A block failed after a call had been made: the shell must roll it back."""
        raise errors.Question(
            kind="undo",
            block=self.block,
            error={"message": error.message, "code": error.code, "path": error.path},
            **self.where,
        )

    def test(self, guard: Guard | None) -> bool:
        """Whether a guard allows its transition; an error is false and an event."""
        if guard is None:
            return True
        self.block += 1
        self.calls = 0
        try:
            return guard.test(self)
        except errors.StepError as error:
            self.fail(error)
            return False

    def evaluate(self, value: Any) -> Json:
        """Return a value outside of a block; an error is null and an event."""
        self.block += 1
        self.calls = 0
        try:
            return value(self)
        except errors.StepError as error:
            self.fail(error)
            return None

    def fail(self, error: errors.StepError) -> None:
        """Put error.execution on the internal queue."""
        fact = {"type": "error.execution", "message": error.message, "path": error.path}
        if error.code:
            fact["code"] = error.code
        self.queue.append(
            make_event("error.execution", {}, error={**fact, **self.where})
        )


def in_state(states: Mapping[str, State], configuration: set[State], path: str) -> bool:
    """Whether the state of a path is active; a state that is not there is not."""
    return states.get(path) in configuration


def _send_id(send_id: Json, path: str) -> str | None:
    if send_id is None or isinstance(send_id, str):
        return send_id
    kind = values.type_name(send_id)
    raise errors.StepError(f"a send id is a text, not {kind}", path)


def make_event(event_type: str, data: Json, **facts: Json) -> dict[str, Json]:
    """Return an event with all the keys that expressions may read."""
    return {
        "type": event_type,
        "data": data,
        "id": None,
        "output": None,
        "error": None,
        "source": None,
        **facts,
    }


# -- selection ----------------------------------------------------------------------


def matching_transitions(state: State, event_type: str) -> Iterable[Transition]:
    """Yield a state's transitions for an event in their order of precedence."""
    yield from state.descriptors.get(event_type, ())
    for descriptor, transitions in state.wildcards:
        if descriptor == "*":
            yield from transitions
        else:
            stem = descriptor[:-2]
            if event_type == stem or event_type.startswith(stem + "."):
                yield from transitions


def select_transitions(run: Run, event: Mapping[str, Json]) -> list[Transition]:
    """Return the optimal set of transitions that the event enables."""
    event_type = event["type"]
    enabled: list[Transition] = []
    _select(run, run.plan.root, event_type, enabled)
    return sets.remove_conflicting_transitions(enabled, run.configuration, run.history)


def select_eventless_transitions(run: Run) -> list[Transition]:
    """Return the optimal set of enabled transitions that need no event."""
    if not run.plan.has_always:
        return []
    enabled: list[Transition] = []
    _select(run, run.plan.root, None, enabled)
    return sets.remove_conflicting_transitions(enabled, run.configuration, run.history)


def _select(
    run: Run, state: State, event_type: str | None, enabled: list[Transition]
) -> bool:
    """Descendants first; a state is asked when nothing below it is enabled."""
    found = False
    for child in state.children:
        if child in run.configuration:
            found |= _select(run, child, event_type, enabled)
    if found:
        return True
    if event_type is None:
        candidates: Iterable[Transition] = state.always
    elif state.descriptors or state.wildcards:
        candidates = matching_transitions(state, event_type)
    else:
        return False
    for transition in candidates:
        run.where = {"state": state.path, "transition": transition.path}
        if run.test(transition.guard):
            enabled.append(transition)
            return True
        if event_type is not None and transition.guard is not None:
            run.refused_by.append(transition.guard.label)
    return False


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
    if state.delays or state.invocations:
        run.commands.append(("exit", state))


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
        run.execute_block(state.entry)
        start_work(run, state)
        if state in entering.default_entry and state.initial is not None:
            run.execute_block(state.initial.actions)
        run.execute_block(entering.default_content.get(state))
        if state.kind == "final":
            enter_final(run, state, completed)


def start_work(run: Run, state: State) -> None:
    """Arm a state's delayed transitions and ask for its invocations."""
    for delay in state.delays:
        due = run.evaluate(delay.due)
        if due is not None:
            run.commands.append(("after", delay, due))
    for invocation in state.invocations:
        run.commands.append(("invoke", invocation, run.evaluate(invocation.input)))


def enter_final(run: Run, state: State, completed: set[State]) -> None:
    """Raise the done events of a final state, or finish the machine."""
    parent = state.parent
    assert parent is not None
    output = run.evaluate(state.output) if state.output is not None else None
    if parent.parent is None and parent.kind == "compound":
        _finish(run, output)
        return
    if parent.kind == "compound":
        run.queue.append(make_event(f"done.state.{parent.path}", {}, output=output))
    region = parent if parent.kind == "parallel" else parent.parent
    while region is not None and region.kind == "parallel":
        if region in completed or not sets.is_in_final_state(region, run.configuration):
            return
        completed.add(region)
        if region.parent is None:
            _finish(run, None)
            return
        run.queue.append(make_event(f"done.state.{region.path}", {}))
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


def macrostep(run: Run, event: Mapping[str, Json]) -> bool:
    """Apply an event and settle; False when no transition took it."""
    run.scope["event"] = event
    enabled = select_transitions(run, event)
    live = [t for t in enabled if t.targets is not None or t.actions is not None]
    if not live and not run.queue:
        return False
    if live:
        microstep(run, enabled)
    settle(run)
    return True


def settle(run: Run) -> None:
    """Take eventless transitions and internal events until there are none.

    Raises Refusal when that does not end, or when an error has no handler.
    """
    steps = 0
    while run.running:
        enabled = select_eventless_transitions(run)
        if not enabled:
            if not run.queue:
                return
            event = run.queue.popleft()
            run.scope["event"] = event
            enabled = select_transitions(run, event)
            if not enabled and event["type"] == "error.execution":
                raise refuse(event["error"])
        if not enabled:
            continue
        microstep(run, enabled)
        steps += 1
        if steps > MAX_MICROSTEPS:
            raise errors.Refusal(
                errors.NEVER_SETTLES,
                f"the machine did not settle after {MAX_MICROSTEPS} microsteps",
                detail=f"the last transition was {run.taken[-1].path}",
                hint="look for always-transitions or raised events that form a cycle",
            )
    for state in sets.exit_order(run.configuration):
        exit_state(run, state)
    for event in run.queue:
        if event["type"] == "error.execution":
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
