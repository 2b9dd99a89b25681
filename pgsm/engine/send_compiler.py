"""Sends compiled: to instances, parent and children, and to SCXML's addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import errors, exact, scxml
from .value_compiler import Document, Value, ValueCompiler

if TYPE_CHECKING:
    from .run import Run

Json = Any
Action = Callable[["Run"], None]


class SendCompiler(ValueCompiler):
    """Compiles the sends of a document."""

    def _send(self, node: Document, path: str) -> Action:
        to = node.get("to", {})
        if self.semantics.data_by_name and "instance" not in to and to != "parent":
            return self._send_to_address(node, path)
        receivers = self._receivers(to, path + ".to")
        data = self.value(node.get("data", {}), path + ".data")
        send_id = self.optional(node, "id", path)
        due = self.delay(node["delay"], path + ".delay") if "delay" in node else None

        def send(run: Run) -> None:
            for receiver in receivers(run):
                run.send(
                    receiver,
                    node["event"],
                    data(run),
                    due(run) if due else {"in": "0"},
                    send_id(run) if send_id else None,
                    path,
                )

        return send

    def _receivers(self, to: Json, path: str) -> Callable[[Run], list[Json]]:
        """Return the closure that gives the ids of the receiving instances."""
        if to != "parent" and "children" in to:
            invoke_id = self.value(to["children"], path + ".children")
            return lambda run: run.children(invoke_id(run))
        receiver = self._receiver(to, path)
        return lambda run: [receiver(run)]

    def _receiver(self, to: Json, path: str) -> Value:
        """Return the closure that gives the id of the receiving instance."""
        if to == "parent":
            return lambda run: _parent(run, path)
        if "child" in to:
            child_id = self.value(to["child"], path + ".child")
            return lambda run: _child(run, child_id(run), path)
        return self.value(to["instance"], path + ".instance")

    def _send_to_address(self, node: Document, path: str) -> Action:
        """SCXML's send, whose parts may all be computed."""
        event = self.value(node["event"], path + ".event")
        data = self.value(node.get("data", {}), path + ".data")
        given_id = self.optional(node, "id", path)
        due = self.delay(node["delay"], path + ".delay") if "delay" in node else None
        address = self.optional(node.get("to", {}), "address", path + ".to")
        processor = self.optional(node, "processor", path)
        location = (
            self.location(node["idLocation"], path) if "idLocation" in node else None
        )

        def send(run: Run) -> None:
            send_id = run.send_id(given_id(run), path) if given_id else None
            if location:
                send_id = run.new_send_id()
                run.assign([(location(run), send_id)], [], path)
            kind = processor(run) if processor else None
            scxml.check_processor(kind, path, send_id)
            scxml.send(
                run,
                event(run),
                data(run),
                due(run) if due else None,
                send_id,
                address(run) if address else None,
                path,
            )

        return send


def _parent(run: Run, path: str) -> str:
    parent: str | None = run.scope["instance"]["parent"]
    if parent is None:
        raise errors.StepError("this instance has no parent", path)
    return parent


def _child(run: Run, child_id: Json, path: str) -> str:
    child = run.child(child_id) if isinstance(child_id, str) else None
    if child is None:
        several = isinstance(child_id, str) and run.children(child_id)
        hint = '; {"children": …} are those of an "each"' if several else ""
        message = f"there is no child {exact.dumps(child_id)}{hint}"
        raise errors.StepError(message, path)
    instance: str = child["instance"]
    return instance
