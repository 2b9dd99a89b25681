"""Running work that the interpreter itself keeps: children, lists of work, entries.

``run.work`` is ``{"children": …, "each": …, "ended": …, "entered": …}``, each key there
only while it is needed:

``children``  id → ``{"instance", "machine", "state", "each", "item", "forward"}``
``each``      invocation id → ``{"state", "items", "next", "outputs", "errors", …}``
``ended``     invocation id → path of its active state, whose child or list of work
              has ended: an upgrade does not start it again
``entered``   path of a state with a delay that is re-armed → time of entry

It is never changed in place, so that a failed block gets the old one back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import errors, exact, scxml, values

if TYPE_CHECKING:
    from .plan import Each, Invocation, State
    from .run import Run

Json = Any

MAX_ITEMS = 10_000
MAX_CHILDREN = 1000  # started in one step


# -- starting -------------------------------------------------------------------------


def start_invocation(run: Run, invocation: Invocation) -> None:
    """Ask for an invocation's work; for the first items where there are many.

    An error undoes all of it and becomes an event.
    """
    run.where = {"state": invocation.state.path}
    run.begin()
    mark = run.mark()
    try:
        if invocation.each is not None:
            _start_each(run, invocation, invocation.each)
        else:
            _start_one(run, invocation)
    except errors.StepError as error:
        run.undo(mark)
        run.fail(error)


def _start_one(run: Run, invocation: Invocation) -> None:
    if invocation.processor is not None:
        kind = invocation.processor(run)
        if kind not in scxml.INVOCATIONS:
            message = f"an invocation of type {kind!r} is not supported"
            raise errors.StepError(message, invocation.path)
    given = invocation.input(run)
    if invocation.id_location is not None:
        target = invocation.id_location(run)
        run.assign([(target, invocation.invoke_id)], [], invocation.path)
    if invocation.src is not None:
        run.check_effect_input(invocation.src, given, invocation.path)
    if invocation.machine is None:
        key = invocation.key(run) if invocation.key else None
        run.commands.append(("invoke", invocation, given, None, key))
    else:
        facts: dict[str, Json] = {"state": invocation.state.path}
        if invocation.autoforward:
            facts["forward"] = True
        machine = invocation.machine(run)
        start_child(run, invocation.invoke_id, machine, given, facts, invocation.path)


def start_child(
    run: Run,
    child_id: Json,
    machine: Json,
    given: Json,
    facts: Mapping[str, Json],
    path: str,
) -> None:
    """Start a child instance, known by an id; ``facts`` go into ``children``."""
    for what, name in (("the id of a child", child_id), ("a machine", machine)):
        values.check_id(what, name, path)
    if run.child(child_id):
        raise errors.StepError(f'a child "{child_id}" is running already', path)
    if run.started >= MAX_CHILDREN:
        message = f"more than {MAX_CHILDREN} children in one step"
        raise errors.StepError(message, path)
    machine = scxml.machine_name(machine)
    run.started += 1
    instance = f"{run.scope['instance']['id']}/{child_id}/{run.revision + 1}"
    if run.started > 1:
        instance += f"/{run.started}"
    run.keep("children", child_id, {"instance": instance, "machine": machine, **facts})
    run.commands.append(("child", child_id, instance, machine, given, facts))


def stop_child(run: Run, child_id: Json, path: str) -> None:
    """Stop a child; one that is not there is stopped already."""
    if not isinstance(child_id, str):
        kind = values.type_name(child_id)
        raise errors.StepError(f"the id of a child is a text, not {kind}", path)
    child = run.child(child_id)
    if child:
        run.forget("children", child_id)
        run.commands.append(("stop", child["instance"]))


# -- one piece of work for each item ---------------------------------------------------


def _start_each(run: Run, invocation: Invocation, each: Each) -> None:
    items = each.items(run)
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        what = f"a list of {len(items)}" if isinstance(items, list) else None
        message = f"each needs a list of at most {MAX_ITEMS} items"
        what = what or values.type_name(items)
        raise errors.StepError(f"{message}, not {what}", invocation.path + ".each")
    until = None if each.until is None else each.until(run)
    entry = {
        "state": invocation.state.path,
        "items": list(items),
        "next": 0,
        "outputs": {},
        "errors": {},
        "until": _count("until", 1 if until == "any" else until, invocation.path),
        "concurrency": _count(
            "concurrency",
            None if each.concurrency is None else each.concurrency(run),
            invocation.path,
        ),
    }
    run.keep("each", invocation.invoke_id, entry)
    _fill(run, invocation)
    _finish_if_complete(run, invocation)


def _count(what: str, number: Json, path: str) -> int | None:
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        message = f"{what} is a whole number from 1 on, not {exact.dumps(number)}"
        raise errors.StepError(message, f"{path}.{what}")
    return number


def _go_on(run: Run, invocation: Invocation) -> None:
    """Start what comes next, unless all is done; one that cannot start has failed."""
    while not _finish_if_complete(run, invocation):
        entry = run.work["each"][invocation.invoke_id]
        mark = run.mark()
        try:
            _fill(run, invocation, most=1)
        except errors.StepError as error:
            run.undo(mark)
            failed = {"type": "error.execution", "message": error.message}
            entry = {
                **entry,
                "next": entry["next"] + 1,
                "errors": {**entry["errors"], str(entry["next"]): failed},
            }
            run.keep("each", invocation.invoke_id, entry)
            continue
        if run.work["each"][invocation.invoke_id]["next"] == entry["next"]:
            return


def _fill(run: Run, invocation: Invocation, most: int = MAX_ITEMS) -> None:
    """Start items until as many run as may."""
    entry = run.work["each"][invocation.invoke_id]
    ended = len(entry["outputs"]) + len(entry["errors"])
    first, last = entry["next"], len(entry["items"])
    if entry["concurrency"] is not None:
        last = min(last, ended + entry["concurrency"])
    last = min(last, first + most)
    for index in range(first, last):
        _start_item(run, invocation, index, entry["items"][index])
    if last > first:
        run.keep("each", invocation.invoke_id, {**entry, "next": last})


def _start_item(run: Run, invocation: Invocation, index: int, item: Json) -> None:
    each = invocation.each
    assert each is not None
    with run.names(**{each.item: item, each.index: index}):
        given = invocation.input(run)
        machine = invocation.machine and invocation.machine(run)
        key = invocation.key(run) if invocation.key else None
    if invocation.src is not None:
        run.check_effect_input(invocation.src, given, invocation.path)
    if invocation.machine is None:
        run.commands.append(("invoke", invocation, given, index, key))
        return
    facts = {
        "state": invocation.state.path,
        "each": invocation.invoke_id,
        "item": index,
    }
    child_id = f"{invocation.invoke_id}[{index}]"
    start_child(run, child_id, machine, given, facts, invocation.path)


def _finish_if_complete(run: Run, invocation: Invocation) -> bool:
    """Raise the event of a list of work that is complete."""
    entry = run.work["each"][invocation.invoke_id]
    outputs, failed = entry["outputs"], entry["errors"]
    each = invocation.each
    assert each is not None
    wanted = entry["until"]
    enough = wanted is not None and len(outputs) >= wanted
    ended = len(outputs) + len(failed) == len(entry["items"])
    facts: dict[str, Json] = {"source": {"invoke": invocation.invoke_id}}
    if enough or (ended and (each.collect or not failed)):
        kind = "done"
        indexes: list[int] = list(range(len(entry["items"])))
        if wanted is not None:
            indexes = sorted(map(int, outputs))
        facts["output"] = [outputs.get(str(index)) for index in indexes]
        data: Json = {}
        if each.collect or wanted is not None:
            data = {"succeeded": sorted(map(int, outputs)), "errors": failed}
    elif failed and not each.collect:
        kind = "error"
        index, facts["error"] = next(iter(failed.items()))
        data = {"index": int(index), "item": entry["items"][int(index)]}
    else:
        return False
    end_each(run, invocation.invoke_id)
    run.keep("ended", invocation.invoke_id, invocation.state.path)
    run.enqueue(f"{kind}.invoke.{invocation.invoke_id}", data, **facts)
    return True


def end_each(run: Run, invoke_id: str) -> None:
    """End a list of work; what runs of it is cancelled."""
    entry = run.work["each"][invoke_id]
    run.forget("each", invoke_id)
    if entry["next"] > len(entry["outputs"]) + len(entry["errors"]):
        run.commands.append(("cancel_invoke", invoke_id))
    for child_id, child in sorted(run.work.get("children", {}).items()):
        if child.get("each") == invoke_id:
            stop_child(run, child_id, "")


# -- leaving --------------------------------------------------------------------------


def leave(run: Run, state: State) -> None:
    """Forget the work of a state that is left; its children are stopped."""
    if not run.work:
        return
    for invoke_id, entry in sorted(run.work.get("each", {}).items()):
        if entry["state"] == state.path:
            end_each(run, invoke_id)
    for child_id, child in sorted(run.work.get("children", {}).items()):
        if child.get("state") == state.path:
            stop_child(run, child_id, "")
    for invoke_id, path in sorted(run.work.get("ended", {}).items()):
        if path == state.path:
            run.forget("ended", invoke_id)
    if state.path in run.work.get("entered", {}):
        run.forget("entered", state.path)


def stop_all(run: Run) -> None:
    """Stop every child that is left, when the machine itself ends."""
    for child_id in sorted(run.work.get("children", {})):
        stop_child(run, child_id, "")


# -- what comes back -----------------------------------------------------------------


def receive(
    run: Run, event: Mapping[str, Json], origin: str
) -> Mapping[str, Json] | None:
    """Return the event that the machine takes for an outside one; None for no event.

    Nothing comes from a child that is not the current one of its id, but in SCXML
    that it is done.  The end of a child, or of an item of a list of work, is noted.
    """
    source = event["source"] or {}
    invoke_id = source.get("invoke")
    if invoke_id is None or not (run.work or origin == "message"):
        return event
    item = source.get("item")
    ended = _outcome(event["type"], invoke_id)
    # what an effect answered while its instance was paused is a message, too
    if origin == "message" and "effect" not in source:
        event = _renamed(run, event, source)
        source = event["source"]
        invoke_id = source["invoke"]
        child = run.child(invoke_id)
        if child is None or child["instance"] != source.get("instance"):
            # one that was stopped does not say that it is done
            heard = ended == "done" and run.plan.semantics.hears_the_ended
            return event if heard else None
        if ended:
            run.forget("children", invoke_id)
            if child.get("state") is not None and "each" not in child:
                run.keep("ended", invoke_id, child["state"])
        if "each" in child:
            invoke_id, item = child["each"], child["item"]
            event = {**event, "source": {**source, "invoke": invoke_id, "item": item}}
    if item is None or not ended:
        return event
    return _item_ended(run, invoke_id, int(item), event)


def _renamed(
    run: Run, event: Mapping[str, Json], source: Mapping[str, Json]
) -> Mapping[str, Json]:
    """Return a child's event under the id that an upgrade has given to the child."""
    old, instance = source["invoke"], source.get("instance")
    known = run.child(old)
    if known is not None and known["instance"] == instance:
        return event
    for new, child in run.work.get("children", {}).items():
        if child["instance"] == instance:
            kind = _outcome(event["type"], old)
            name = f"{kind}.invoke.{new}" if kind else event["type"]
            return {**event, "type": name, "source": {**source, "invoke": new}}
    return event


def _outcome(event_type: str, invoke_id: str) -> str | None:
    for kind in ("done", "error"):
        if event_type == f"{kind}.invoke.{invoke_id}":
            return kind
    return None


def _item_ended(
    run: Run, invoke_id: str, item: int, event: Mapping[str, Json]
) -> Mapping[str, Json] | None:
    entry = run.work.get("each", {}).get(invoke_id)
    if not entry:
        return None
    invocation = run.plan.invocations[entry["state"], invoke_id]
    failed = event["error"] is not None
    key, value = ("errors", event["error"]) if failed else ("outputs", event["output"])
    ended = {**entry[key], str(item): value}
    run.keep("each", invoke_id, {**entry, key: ended})
    run.begin()
    _go_on(run, invocation)
    data = {"index": item, "item": entry["items"][item]}
    return {**event, "type": f"done.item.{invoke_id}", "data": data}


def forward(run: Run, event: Mapping[str, Json]) -> None:
    """Send an outside event on to the children that want all of them."""
    for _, child in sorted(run.work.get("children", {}).items()):
        if child.get("forward"):
            run.commands.append(
                ("message", child["instance"], event["type"], event["data"],
                 {"in": "0"}, event["id"])
            )  # fmt: skip


def finalize(run: Run, event: Mapping[str, Json]) -> None:
    """Run the finalize content of the invocation that an event comes from."""
    invoke_id = (event["source"] or {}).get("invoke")
    if invoke_id is None:
        return
    for state in run.configuration:
        for invocation in state.invocations:
            if invocation.invoke_id == invoke_id and invocation.finalize is not None:
                run.where = {"state": state.path}
                run.execute_block(invocation.finalize)
