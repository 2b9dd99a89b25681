"""States: their transitions, invocations and children."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import definition_xstate as xstate
from .definition_actions import actions, loop_name, loop_names, machine_name
from .definition_delays import delay_key
from .definition_effects import LATE, OVERRIDES, declared_effect
from .definition_events import descriptor, token_descriptor
from .definition_guards import guard
from .definition_problems import quote
from .definition_shapes import (
    DROP,
    At,
    Check,
    Reader,
    Shape,
    anything,
    boolean,
    is_extension,
    is_name,
    name,
    number,
    one_of,
    one_or_many,
    read_object,
    text,
)
from .definition_targets import history_targets, initial_targets, targets
from .definition_tree import MAX_NESTING, STATE_TYPES
from .definition_values import context_path, loop_value, value

MAX_PATH = 1_500  # bytes of a state's path, so that an index can hold it

# ---------------------------------------------------------------- transitions


def transition(check: Check, raw: Any, at: At) -> Any:
    """A transition in normal form; a text is its target."""
    if isinstance(raw, str):
        return {"target": targets(check, raw, at)}
    if isinstance(raw, dict):
        raw = xstate.transition(raw)
    elif raw is None:
        hint = "write {} to forbid an event"
        return check.wrong_type(at, "a transition", raw, hint)
    return read_object(check, raw, at, TRANSITION)


transitions = one_or_many(transition)


def by_event(check: Check, raw: Any, at: At) -> Any:
    """The transitions by event descriptor."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    result: dict[str, Any] = {}
    for key, item in raw.items():
        event = descriptor(check, key, at / key)
        found = transitions(check, item, at / key)
        if event is DROP or found is DROP:
            continue
        if event in result:
            message = f"the event {quote(event)} stands twice, in two spellings"
            check.problem(at / key, "duplicate_event", message)
        result[event] = found
    return result or DROP


def by_delay(check: Check, raw: Any, at: At) -> Any:
    """The transitions by delay."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    result: dict[str, Any] = {}
    for key, item in raw.items():
        delay_key(check, key, at / key)
        found = transitions(check, item, at / key)
        if found is not DROP:
            result[key] = found
    return result or DROP


def initial(check: Check, raw: Any, at: At) -> Any:
    """The initial transition as an object."""
    if isinstance(raw, (str, list)):
        found = initial_targets(check, raw, at)
        if found is DROP:
            check.problem(at, "missing_initial", "there is no initial target")
        return {"target": found}
    return read_object(check, raw, at, INITIAL)


TRANSITION = Shape(
    "transition",
    {
        "target": targets,
        "guard": guard,
        "actions": actions,
        "reenter": boolean,
        "description": text,
        "meta": anything,
    },
)


def _tokens(check: Check, raw: Any, at: At) -> Any:
    found = one_or_many(token_descriptor)(check, raw, at)
    if raw == []:
        message = "at least one event is wanted here"
        check.problem(at, "bad_event_descriptor", message)
    return found


BY_TOKENS = Shape("transition", {"event": _tokens, **TRANSITION.fields}, ("event",))


def by_tokens(check: Check, raw: Any, at: At) -> Any:
    """SCXML's transitions with events, in document order."""
    if not isinstance(raw, list):
        return check.wrong_type(at, "an array of transitions", raw)
    found = [read_object(check, item, at / n, BY_TOKENS) for n, item in enumerate(raw)]
    return [item for item in found if item is not DROP] or DROP


def data(check: Check, raw: Any, at: At) -> Any:
    """The data that a state declares, by name; any name is one of data."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    for key, item in raw.items():
        value(check, item, (at / key).knowing("input"))
    return raw


INITIAL = Shape(
    "initial",
    {
        "target": initial_targets,
        "actions": actions,
        "description": text,
        "meta": anything,
    },
    ("target",),
)

# ---------------------------------------------------------------- invocations


def _until(check: Check, raw: Any, at: At) -> Any:
    if raw == "any":
        return raw
    if isinstance(raw, dict):
        return value(check, raw, at)
    return number(1, whole=True)(check, raw, at)


def _concurrency(check: Check, raw: Any, at: At) -> Any:
    if isinstance(raw, dict):
        return value(check, raw, at)
    return number(1, whole=True)(check, raw, at)


def _machine(check: Check, raw: Any, at: At) -> Any:
    return machine_name(check, raw, at.knowing(*at.loop))


_LOOP_KEYS: dict[str, Reader] = {
    "each": value,
    "item": loop_name,
    "index": loop_name,
    "concurrency": _concurrency,
    "until": _until,
    "collect": boolean,
}
INVOKE = Shape(
    "invoke",
    {
        "id": name,
        "src": declared_effect,
        "machine": _machine,
        "input": loop_value,
        **_LOOP_KEYS,
        **OVERRIDES,
        "key": loop_value,
        "late": LATE,
        "onDone": transitions,
        "onItem": transitions,
        "onError": transitions,
        "autoforward": boolean,
        "finalize": actions,
        "idLocation": context_path,
        "processor": value,
        "description": text,
        "meta": anything,
    },
)
_SCXML_INVOKE = ("autoforward", "finalize", "idLocation", "processor")


def invocations(check: Check, raw: Any, at: At) -> Any:
    """The invocations of a state, each with its id."""
    items = raw if isinstance(raw, list) else [raw]
    result = []
    for n, item in enumerate(items):
        place = at / n if isinstance(raw, list) else at
        found = _invocation(check, item, place, n)
        if found is not DROP:
            result.append(found)
    return result or DROP


def _invocation(check: Check, raw: Any, at: At, position: int) -> Any:
    if isinstance(raw, str):
        raw = {"src": raw}
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an invocation", raw)
    if ("src" in raw) == ("machine" in raw):
        message = "an invocation has one of the keys src (an effect), machine"
        check.problem(at, "missing_key", message)
    if "each" in raw:
        at = replace(at, loop=loop_names(raw))
    else:
        for key in (*_LOOP_KEYS, "onItem"):
            if key in raw:
                message = f'the key {quote(key)} needs the key "each" beside it'
                check.problem(at / key, "misplaced_key", message)
    for key in _SCXML_INVOKE:
        if key in raw and check.semantics.strict:
            check.scxml_only(at / key, key)
    default = at.node.path or at.node.id
    if not check.semantics.strict:
        raw = {"id": f"{at.node.id}.{position}", **raw}
    own = raw.get("id", f"{default}/{position}" if position else default)
    check.invokes.append((str(own), at.node, at))
    rest = {key: item for key, item in raw.items() if key != "id"}
    return read_object(check, {"id": own, **rest}, at, INVOKE)


# --------------------------------------------------------------------- states


def _id(check: Check, raw: Any, at: At) -> Any:
    found = name(check, raw, at)
    if found is DROP:
        return DROP
    same = check.tree.by_id.get(raw, [])
    other = next((node for node in same if node is not at.node), None)
    # Of two explicit ids the second is the mistake; a default id never is.
    if other and (same[0] is not at.node or not other.explicit_id):
        whose = f"of the state {quote(other.path)}" if other.path else "of the root"
        message = f"the id {quote(raw)} is also that {whose}"
        check.problem(at, "duplicate_id", message)
    return found


def _type(check: Check, raw: Any, at: At) -> Any:
    kinds = STATE_TYPES if at.node.parent else ("atomic", "compound", "parallel")
    if not isinstance(raw, str):
        return check.wrong_type(at, "the type of a state", raw)
    if raw not in kinds:
        message = f"{quote(raw)} is no type of a state"
        if raw in STATE_TYPES:
            message = f"the root may not be a {raw} state"
        hint = check.suggest(raw, kinds)
        check.problem(at, "bad_type", message, hint)
    elif raw == "atomic" and at.node.kind == "compound":
        check.problem(at, "bad_type", "an atomic state has no states inside")
    return DROP if raw in ("atomic", "compound") else raw


def _history(check: Check, raw: Any, at: At) -> Any:
    if raw is True:
        return "shallow"
    return one_of("shallow", "deep")(check, raw, at)


def children(check: Check, raw: Any, at: At) -> Any:
    """The states inside of the state at hand."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "an object", raw)
    if at.node.depth >= MAX_NESTING:
        message = f"states are nested more than {MAX_NESTING} levels deep"
        check.problem(at, "too_deep", message)
        return DROP
    result = {}
    for key, item in raw.items():
        place = replace(at / key, node=at.node.children[key])
        _check_key(check, key, place)
        found = state(check, item, place)
        if found is not DROP:
            result[key] = found
    return result or DROP


def _check_key(check: Check, key: str, at: At) -> None:
    if not is_name(check, key, at, "bad_state_key"):
        return
    if "." in key or key.startswith("#"):
        what = 'have a "."' if "." in key else 'start with "#"'
        message = f"the name of a state may not {what}: {quote(key)}"
        check.problem(at, "bad_state_key", message)
    elif len(at.node.path.encode()) > MAX_PATH:
        message = f"the path of the state is longer than {MAX_PATH} bytes"
        check.problem(at, "name_too_long", message)


def state(check: Check, raw: Any, at: At) -> Any:
    """A state in normal form."""
    if not isinstance(raw, dict):
        return check.wrong_type(at, "a state", raw)
    raw = refuse_misplaced_keys(check, raw, at)
    result = read_object(check, raw, at, STATE)
    if at.node.kind == "history":
        result.setdefault("history", "shallow")
        result["type"] = "history"
        order = [key for key in (*STATE.fields, *result) if key in result]
        result = {key: result[key] for key in dict.fromkeys(order)}
    return result


def refuse_misplaced_keys(check: Check, raw: dict[str, Any], at: At) -> dict[str, Any]:
    """The state without the keys that its kind cannot have, which are reported."""
    kind = at.node.kind
    for key in ("transitions", "binding", *(("context",) if at.node.parent else ())):
        if key in raw and check.semantics.strict:
            check.scxml_only(at / key, key)
            raw = {name: item for name, item in raw.items() if name != key}
    misplaced = [key for key in raw if _is_misplaced(key, kind, at)]
    for key in misplaced:
        message = f"a {kind} state cannot have the key {quote(key)}"
        if key == "onDone" and not at.node.parent:
            message = 'the root cannot have the key "onDone"'
        message = message.replace("a atomic", "an atomic")
        check.problem(at / key, _MISPLACED.get(kind, "misplaced_key"), message)
    if kind == "compound" and "initial" not in raw:
        hint = f"the first one inside is {quote(next(iter(raw['states'])))}"
        message = "a compound state must have an initial state"
        check.problem(at, "missing_initial", message, hint)
    if raw.get("type") in ("parallel", "compound") and not raw.get("states"):
        message = f"a {raw['type']} state must have states inside"
        check.problem(at, "missing_states", message)
    return {key: item for key, item in raw.items() if key not in misplaced}


_MISPLACED = {"final": "bad_final", "history": "bad_history"}
_ALLOWED = {
    "history": {
        *("id", "type", "history", "target", "actions", "description", "meta"),
    },
    "final": {
        *("id", "type", "context", "entry", "exit", "output", "tags"),
        *("description", "meta"),
    },
}


def _is_misplaced(key: str, kind: str, at: At) -> bool:
    if key not in STATE.fields or is_extension(key):
        return False
    if kind in _ALLOWED:
        return key not in _ALLOWED[kind]
    if key in ("history", "target", "actions"):
        return True
    if key == "initial":
        return kind != "compound"
    if key == "onDone":
        return kind == "atomic" or not at.node.parent
    return key == "output" and at.node.parent is not None


_texts = one_or_many(name)
descriptors = one_or_many(descriptor)
STATE = Shape(
    "state",
    {
        "id": _id,
        "description": text,
        "type": _type,
        "history": _history,
        "target": history_targets,
        "actions": actions,
        "context": data,
        "initial": initial,
        "tags": _texts,
        "entry": actions,
        "exit": actions,
        "invoke": invocations,
        "on": by_event,
        "transitions": by_tokens,
        "after": by_delay,
        "always": transitions,
        "onDone": transitions,
        "defer": descriptors,
        "states": children,
        "output": value,
        "meta": anything,
    },
)
