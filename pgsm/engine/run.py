"""The running step: its state, and what compiled guards, values and actions call.

Nothing here reads a clock, draws randomness or does I/O.  What only the database
knows (the value of a call, a ``sql`` guard) is a ``Question``: the caller answers
it and runs the step again from the start with all answers so far.

``run.commands`` is an append-only journal, so that a failed block is undone by
cutting it back; ``commands.net`` makes lists for the shell of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from . import errors, scxml, values
from .content import Block, Guard
from .plan import Plan, State, Transition

Json = Any

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
        "entering",
        "history",
        "may_defer",
        "notes",
        "output",
        "plan",
        "queue",
        "refused_by",
        "revision",
        "running",
        "scope",
        "sent",
        "started",
        "taken",
        "to_invoke",
        "touched",
        "where",
        "work",
    )

    def __init__(
        self,
        plan: Plan,
        configuration: set[State],
        history: dict[str, list[State]],
        context: Json,
        scope: dict[str, Json],
        work: dict[str, Json],
        revision: int,
        answers: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        self.plan = plan
        self.configuration = configuration
        self.history = history
        self.context = context
        self.scope = scope
        self.scope["context"] = context
        if plan.semantics.data_by_name:
            scope.update(scxml.system_variables(scope["instance"], plan.name))
        # bound to the set, not to the run: a cycle would be garbage at each step
        self.scope["in_state"] = partial(in_state, plan.state_by_name, configuration)
        self.work = work
        self.revision = revision
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
        self.started = 0
        self.sent = 0
        self.to_invoke: list[State] = []
        self.entering: State | None = None  # its entry runs, its timers are to come
        self.may_defer = False

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

    def validate(self, schema: Json, value: Json, path: str) -> list[str]:
        """Return what is wrong with a value, as the shell's validator finds it."""
        if self.answered == len(self.answers):
            raise errors.Question(
                kind="validate",
                block=self.block,
                schema=schema,
                value=value,
                path=path,
            )
        answer = self.answers[self.answered]
        self.answered += 1
        if "error" in answer:
            return [f"the schema cannot be used: {answer['error']['message']}"]
        wrong: list[str] = answer["value"]
        return wrong

    def is_there(self, instance: str, path: str) -> bool:
        """Whether an instance of this id is there to receive something."""
        if self.answered == len(self.answers):
            question = {"kind": "receiver", "instance": instance}
            raise errors.Question(block=self.block, path=path, **question)
        there: bool = self.answers[self.answered]["value"]
        self.answered += 1
        return there

    def check_effect_input(self, name: str, given: Json, path: str) -> None:
        """Raise StepError for an input that the effect's inputSchema does not allow."""
        schema = self.plan.effects.get(name, {}).get("inputSchema")
        if schema is not None and (wrong := self.validate(schema, given, path)):
            message = f'the input of "{name}" is not of its schema: {"; ".join(wrong)}'
            raise errors.StepError(message, path)

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

    def raise_event(self, event: str, data: Json, send_id: str | None = None) -> None:
        """Put an event on the internal queue."""
        self.queue.append(make_event(event, data, id=send_id))

    def enqueue(self, event: str, data: Json, **facts: Json) -> None:
        """Put an event of the engine's own on the internal queue."""
        self.queue.append(make_event(event, data, **facts))

    def see(self, event: Mapping[str, Json], kind: str) -> None:
        """Let expressions see an event; ``kind`` is internal or external."""
        self.scope["event"] = event
        if self.plan.semantics.data_by_name:
            instance = self.scope["instance"]
            self.scope["_event"] = scxml.system_event(event, kind, instance)

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
            self.commands.append(
                ("send", event, data, due, self.send_id(send_id, path))
            )

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
        values.check_id("an instance id", receiver, path)
        if due is not None:
            self.commands.append(
                ("message", receiver, event, data, due, self.send_id(send_id, path))
            )

    def cancel(self, send_id: Json, path: str) -> None:
        """Drop the delayed events of this instance that have this send id."""
        if not isinstance(send_id, str):
            kind = values.type_name(send_id)
            raise errors.StepError(f"a send id is a text, not {kind}", path)
        self.commands.append(("cancel", send_id))

    def send_id(self, send_id: Json, path: str) -> str | None:
        """Return what may be the id of a delayed event."""
        if send_id is not None and send_id != "":
            values.check_id("a send id", send_id, path)
        return send_id  # type: ignore[no-any-return]

    def rearm(self, key: str) -> None:
        """Arm a delay of the active states again, from the time of their entry."""
        for state in sorted(self.configuration, key=lambda state: state.position):
            for delay in state.delays:
                if delay.key == key and state is not self.entering:
                    due = delay.due(self)
                    entered = self.work.get("entered", {}).get(state.path)
                    self.commands.append(("rearm", delay, due, entered))

    def new_send_id(self) -> str:
        """Return an id that no other send of this instance has."""
        self.sent += 1
        return f"send.{self.revision + 1}.{self.sent}"

    def child(self, child_id: str) -> Mapping[str, Json] | None:
        """Return what is known of a running child."""
        found: Mapping[str, Json] | None = self.work.get("children", {}).get(child_id)
        return found

    def children(self, invoke_id: str) -> list[Json]:
        """Return the instances of all running children of an invocation."""
        running = sorted(self.work.get("children", {}).items())
        return [
            child["instance"]
            for child_id, child in running
            if child.get("each", child_id) == invoke_id
        ]

    def keep(self, kind: str, key: str, entry: Json) -> None:
        """Keep an entry of running work."""
        self.work = {**self.work, kind: {**self.work.get(kind, {}), key: entry}}

    def forget(self, kind: str, key: str) -> None:
        """Drop an entry of running work."""
        rest = {name: item for name, item in self.work[kind].items() if name != key}
        self.work = {**self.work, kind: rest}
        if not rest:
            del self.work[kind]

    def effect(
        self,
        name: str,
        given: Json,
        policy: Json,
        reply: str | None,
        key: Json,
        path: str,
    ) -> None:
        """Work on the outside world, once this step is committed."""
        self.check_effect_input(name, given, path)
        self.commands.append(("effect", name, given, policy, reply, key))

    # -- blocks and guards --------------------------------------------------------

    def execute_block(self, block: Block | None) -> None:
        """Run executable content; an error undoes all of it and becomes an event."""
        if block is None:
            return
        self.begin()
        mark = self.mark()
        try:
            for action in block.actions:
                action(self)
        except errors.StepError as error:
            if not self.plan.semantics.undo_blocks:
                self.fail(error)
                return
            if self.calls:
                self._ask_to_undo(error)
            self.undo(mark)
            self.fail(error)

    def mark(self) -> tuple[Any, ...]:
        """Return where the step stands, for `undo`."""
        lists = (self.commands, self.queue, self.touched, self.notes, self.emitted)
        return (self.context, self.work, self.started, *map(len, lists))

    def undo(self, mark: tuple[Any, ...]) -> None:
        """Take back all that has been done since the mark."""
        context, self.work, self.started, commands, queue, *lengths = mark
        self.context = self.scope["context"] = context
        touched, notes, emitted = lengths
        del self.commands[commands:], self.touched[touched:]
        del self.notes[notes:], self.emitted[emitted:]
        while len(self.queue) > queue:
            self.queue.pop()

    def begin(self) -> None:
        """Begin a block: what it asks the database is answered or undone together."""
        self.block += 1
        self.calls = 0

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
        self.begin()
        try:
            return guard.test(self)
        except errors.StepError as error:
            self.fail(error)
            return False

    def evaluate(self, value: Any) -> Json:
        """Return a value outside of a block; an error is null and an event."""
        self.begin()
        try:
            return value(self)
        except errors.StepError as error:
            self.fail(error)
            return None

    def fail(
        self, error: errors.StepError, event_type: str = "error.execution"
    ) -> None:
        """Put an error event on the internal queue."""
        fact = {"type": event_type, "message": error.message, "path": error.path}
        if error.code:
            fact["code"] = error.code
        facts = {"error": {**fact, **self.where}, "id": error.send_id}
        self.queue.append(make_event(event_type, {}, **facts))


def in_state(states: Mapping[str, State], configuration: set[State], path: str) -> bool:
    """Whether the state of a name is active; a state that is not there is not."""
    return states.get(path) in configuration


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
