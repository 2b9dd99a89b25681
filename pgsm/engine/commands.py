"""A step's journal of commands netted into what the shell has to write."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from .plan import State

Json = Any


def net(journal: Iterable[tuple[Any, ...]], before: Set[State]) -> dict[str, Json]:
    """Return what remains to be written after a step, by kind; empty kinds left out.

    ``exited``     states active before whose timers and invocations end
    ``cancel``     send ids whose timers are deleted
    ``timers``     ``{"kind", "event", "data", "due", "state", "delay", "send_id"}``
    ``messages``   the same with ``to``, an instance id
    ``effects``    ``{"kind", "name", "input", "policy", "state", "invoke_id", …}``

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

    def as_json(self) -> dict[str, Json]:
        kinds = {
            "exited": list(self.exited),
            "cancel": list(self.cancelled),
            "timers": self.timers,
            "messages": self.messages,
            "effects": self.effects,
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

    def invoke(self, invocation: Any, given: Json) -> None:
        self.effects.append(
            {
                "kind": "invoke",
                "name": invocation.src,
                "input": given,
                "policy": invocation.policy,
                "state": invocation.state.path,
                "invoke_id": invocation.invoke_id,
            }
        )
