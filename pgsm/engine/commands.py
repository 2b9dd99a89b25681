"""A step's journal of commands netted into what the shell has to write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from .plan import State

Json = Any


def net(journal: Iterable[tuple[Any, ...]], before: Set[State]) -> dict[str, Json]:
    """Return what remains to be written after a step, by kind; empty kinds left out.

    ``exited``     states active before whose timers and invocations end
    ``cancel``     send ids whose timers are deleted
    ``cancelled``  invocation ids whose effects end although their state stays
    ``rearmed``    ``{"state", "delay"}`` of timers that are deleted
    ``timers``     ``{"kind", "event", "data", "due", "state", "delay", "send_id"}``,
                   with ``from`` where due is not counted from the step's clock
    ``messages``   the same with ``to``, an instance id; with ``state`` where they go
                   with their sender
    ``effects``    ``{"kind", "name", "input", "policy", "state", "invoke_id", …}``
    ``children``   ``{"kind", "id", "instance", "machine", "input", "state"}``
    ``stops``      instance ids of children that are stopped

    Deletions come first.  A timer that was armed and dropped within the step
    appears nowhere.
    """
    netted = _Netted(before)
    for command in journal:
        getattr(netted, command[0])(*command[1:])
    return netted.as_json()


class _Netted:
    def __init__(self, before: Set[State]) -> None:
        self.before = before
        self.exited: dict[str, None] = {}
        self.cancelled: dict[str, None] = {}
        self.timers: list[dict[str, Json]] = []
        self.messages: list[dict[str, Json]] = []
        self.effects: list[dict[str, Json]] = []
        self.invocations_ended: dict[str, None] = {}
        self.rearmed: list[dict[str, Json]] = []
        self.children: list[dict[str, Json]] = []
        self.stops: list[str] = []

    def as_json(self) -> dict[str, Json]:
        kinds = {
            "exited": list(self.exited),
            "cancel": list(self.cancelled),
            "timers": self.timers,
            "messages": self.messages,
            "effects": self.effects,
            "cancelled": list(self.invocations_ended),
            "rearmed": self.rearmed,
            "children": self.children,
            "stops": self.stops,
        }
        return {kind: rows for kind, rows in kinds.items() if rows}

    def exit(self, state: State) -> None:
        if state in self.before:
            self.exited[state.path] = None
        self.timers = [
            t for t in self.timers if t["kind"] != "after" or t["state"] != state.path
        ]
        self.effects = [
            e for e in self.effects if e["kind"] != "invoke" or e["state"] != state.path
        ]

    def after(self, delay: Any, due: Json) -> None:
        self.timers.append(
            {
                "kind": "after",
                "state": delay.state.path,
                "delay": delay.key,
                "event": delay.event,
                "due": due,
            }
        )

    def send(self, event: str, data: Json, due: Json, send_id: str | None) -> None:
        self.timers.append(
            {
                "kind": "send",
                "event": event,
                "data": data,
                "due": due,
                "send_id": send_id,
            }
        )

    def message(
        self, receiver: str, event: str, data: Json, due: Json, send_id: str | None
    ) -> None:
        self.messages.append(
            {
                "to": receiver,
                "event": event,
                "data": data,
                "due": due,
                "send_id": send_id,
            }
        )

    def cancel(self, send_id: str) -> None:
        self.timers = [t for t in self.timers if t.get("send_id") != send_id]
        self.cancelled[send_id] = None

    def effect(
        self, name: str, given: Json, policy: Json, reply: Json, key: Json
    ) -> None:
        self.effects.append(
            {
                "kind": "action",
                "name": name,
                "input": given,
                "policy": policy,
                "reply": reply,
                "key": key,
            }
        )

    def invoke(self, invocation: Any, given: Json, item: int | None, key: Json) -> None:
        effect = {
            "kind": "invoke",
            "name": invocation.src,
            "input": given,
            "policy": invocation.policy,
            "state": invocation.state.path,
            "invoke_id": invocation.invoke_id,
            "key": key,
        }
        self.effects.append(effect if item is None else {**effect, "item": item})

    def cancel_invoke(self, invoke_id: str) -> None:
        self.invocations_ended[invoke_id] = None
        self.effects = [e for e in self.effects if e.get("invoke_id") != invoke_id]

    def rearm(self, delay: Any, due: Json, entered: str | None) -> None:
        where = {"state": delay.state.path, "delay": delay.key}
        self.timers = [t for t in self.timers if {**t, **where} != t]
        if delay.state in self.before:
            self.rearmed.append(where)
        if due is not None:
            self.after(delay, due)
            if entered is not None:
                self.timers[-1]["from"] = entered

    def child(
        self,
        child_id: str,
        instance: str,
        machine: str,
        given: Json,
        facts: Mapping[str, Json],
    ) -> None:
        child = {"id": child_id, "instance": instance, "machine": machine}
        kind = "invoke" if "state" in facts else "spawn"
        state = {"state": facts["state"]} if "state" in facts else {}
        self.children.append({"kind": kind, **child, "input": given, **state})

    def stop(self, instance: str) -> None:
        started = [c for c in self.children if c["instance"] == instance]
        if started:
            self.children.remove(started[0])
            self.messages = [m for m in self.messages if m["to"] != instance]
        else:
            self.stops.append(instance)
