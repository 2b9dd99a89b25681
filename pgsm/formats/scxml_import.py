"""SCXML documents as definitions with SCXML's semantics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgsm.engine import definition

from . import scxml_values as values
from . import scxml_vocabulary as vocabulary
from . import scxml_xml as xml
from .common import FormatError, Imported, Problem
from .scxml_content import Content, has_expression
from .scxml_invoke import Invocations
from .scxml_session import File, Resolver, Session, beside
from .scxml_states import State, States, scan
from .scxml_xml import GUARD, PGSM, SETTINGS, Element

Json = Any

_DATAMODELS = ("python", "null", "ecmascript")
_KINDS = {"parallel", "final", "history"}


def load(
    text_or_path: str | Path, resolver: Resolver | None = None, name: str | None = None
) -> Imported:
    """The machines of an SCXML document, given as text or by its path.

    `resolver` gives the text behind a `src`; without one, files beside the document
    are read, if it is given by its path.  `name` is the machine's, else it is the
    file's or the document's own.  Raises FormatError with all problems.
    """
    path = _path(text_or_path)
    text = _bytes(path) if path else str(text_or_path)
    session = Session(resolver or (beside(path) if path else None))
    root = xml.parse(text)
    name = name or (path.stem if path else root.attributes.get("name")) or "machine"
    source = path.name if path else ""
    add(session, File(session), root, name, source)
    if not session.problems:
        _check(session)
    if session.problems:
        raise FormatError(session.problems)
    return Imported(session.machines, session.warnings)


def _path(text_or_path: str | Path) -> Path | None:
    if isinstance(text_or_path, Path):
        return text_or_path
    begun = text_or_path.lstrip("\ufeff \r\n\t")[:1]
    return Path(text_or_path) if begun not in ("", "<") else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"the file cannot be read: {reason}"
        raise FormatError(
            [Problem(str(path)[:200], "unresolved_src", message)]
        ) from None


def add(session: Session, file: File, root: Element, name: str, source: str) -> None:
    """Make the machine of a root element one of the session's."""
    session.machines[name] = {}
    session.sources[name] = source
    session.machines[name] = Document(file, root, name).read()


def _check(session: Session) -> None:
    """Let the definitions' own checker have its say."""
    for name, document in session.machines.items():
        label = "" if len(session.machines) == 1 else f"{name}: "
        for found in definition.check(document).problems:
            session.problems.append(
                Problem(label + found.path, found.code, found.message, found.hint)
            )


class Document:
    """One <scxml> on its way to a definition."""

    def __init__(self, file: File, root: Element, name: str) -> None:
        self.file = file
        self.root = root
        self.name = name
        self.datamodel = root.attributes.get("datamodel", "python")
        self.content = Content(file, self.datamodel, self._inline)
        self.states: States
        self.invocations: Invocations

    def _inline(self, root: Element) -> str:
        """The name of the machine that an inline <scxml> becomes."""
        return self.invocations.inline(root, root.attributes.get("name") or "inline")

    def read(self) -> Json:
        """The definition; what is wrong goes to the session."""
        if not vocabulary.is_known(self.root, "scxml"):
            message = f"the root is <{self.root.name}>, not <scxml>"
            self.file.problem(self.root, "bad_root", message)
            return {}
        vocabulary.check(self.file, self.root)
        self._check_root()
        self.states = scan(self.file, self.root)
        self.invocations = Invocations(self.file, self.content, self.name, add)
        root = self.states.root
        if not root.children:
            self.file.problem(self.root, "missing_states", "<scxml> has no state")
            return {}
        document: Json = {"semantics": "scxml"}
        own = self.root.attributes.get("name")
        if own and own not in self.states.by_id:
            document = {"id": own, **document}
        if self.root.attributes.get("binding") == "late":
            document["binding"] = "late"
        context = self._context(root)
        entry = [
            action
            for script in self.root.all("script")
            for action in self._script(script)
        ]
        document["initial"] = self._initial(root)
        document["context"] = context
        if entry:
            document["entry"] = entry
        document["states"] = self._children(root)
        self._declare(document)
        document |= self._settings()
        return document

    def _script(self, element: Element) -> list[Json]:
        vocabulary.check(self.file, element)
        return self.content.script(element)

    def _check_root(self) -> None:
        attributes = self.root.attributes
        if attributes.get("version", "1.0") != "1.0":
            message = f'the version is "{attributes["version"]}", not "1.0"'
            self.file.warn(self.root, "bad_version", message)
        if self.datamodel not in _DATAMODELS:
            message = f'the datamodel "{self.datamodel}" is not known'
            hint = 'write Python-style expressions, and datamodel="python"'
            self.file.problem(self.root, "bad_datamodel", message, hint)
        elif self.datamodel == "ecmascript":
            message = "ECMAScript is read as Python-style expressions"
            hint = "operators and constants are translated, other things reported"
            self.file.warn(self.root, "ecmascript", message, hint)

    def _declare(self, document: Json) -> None:
        """Declare what only scripts assign to, as Python does by assigning."""
        declared = {
            data.attributes.get("id")
            for element in self.root.walk()
            for data in element.all("data")
        }
        for name in self.content.assigned:
            if name not in declared and not name.startswith("_"):
                document["context"][name] = None
        if not document["context"]:
            del document["context"]

    def _settings(self) -> Json:
        """Root keys that SCXML has no words for, written by our own export."""
        for element in self.root.elements:
            if element.space == PGSM and element.name == "settings":
                return self.file.json(element, element.text) or {}
        return {}

    # -- states ----------------------------------------------------------------

    def _children(self, state: State) -> Json:
        return {child.key: self._state(child) for child in state.children}

    def _state(self, state: State) -> Json:
        element = state.element
        vocabulary.check(self.file, element)
        result: Json = {"id": state.id}
        if state.kind in _KINDS:
            result["type"] = state.kind
        if state.kind == "history":
            return {**result, **self._history(state), **self._own(element)}
        parts = {
            "context": self._context(state),
            "initial": self._initial(state),
            "entry": self._blocks(element, "onentry"),
            "exit": self._blocks(element, "onexit"),
            "invoke": self._invocations(state),
            **self._transitions(state),
            "states": self._children(state),
        }
        result |= {key: value for key, value in parts.items() if value}
        for donedata in element.all("donedata"):
            vocabulary.check(self.file, donedata)
            output = self.content.data(donedata)
            if output is not None:
                result["output"] = output
        return {**result, **self._own(element)}

    def _own(self, element: Element) -> Json:
        """Keys that SCXML has no words for."""
        return self.file.json(element, element.attributes.get(SETTINGS, "{}")) or {}

    def _context(self, state: State) -> Json:
        context: Json = {}
        for datamodel in state.element.all("datamodel"):
            vocabulary.check(self.file, datamodel)
            for data in datamodel.all("data"):
                vocabulary.check(self.file, data)
                name = data.attributes.get("id", "")
                if name in context:
                    message = f'the data "{name}" stands twice'
                    self.file.problem(data, "duplicate_id", message)
                context[name] = self._datum(data)
        return context

    def _datum(self, data: Element) -> Json:
        if has_expression(data):
            return self.content.expression(data, "expr")
        if "src" in data.attributes:
            return values.content(self.file.read(data, data.attributes["src"]) or "")
        return self.content.body(data)

    def _blocks(self, element: Element, name: str) -> list[Json]:
        """The actions of one handler, or each of several as a block of its own."""
        found = [self.content.block(each) for each in element.all(name)]
        blocks = [block for block in found if block]
        if len(blocks) == 1:
            return blocks[0]
        return [{"type": "block", "actions": block} for block in blocks]

    def _invocations(self, state: State) -> list[Json]:
        return [
            self.invocations.read(element, state.id)
            for element in state.element.all("invoke")
        ]

    # -- transitions -----------------------------------------------------------

    def _initial(self, state: State) -> Json:
        """The initial transition of a compound state; None when it has none."""
        element = state.element
        own = element.all("initial")
        if state.kind != "compound":
            if own or "initial" in element.attributes:
                message = f"the initial of <{element.name}> is left out"
                self.file.warn(element, "misplaced_initial", message)
            return None
        if own and "initial" in element.attributes:
            message = f"<{element.name}> has both the attribute and <initial>"
            self.file.problem(element, "conflicting_attributes", message)
        if own:
            vocabulary.check(self.file, own[0])
            default = self._default(own[0], state)
            return default if "actions" in default else default.get("target")
        if "initial" in element.attributes:
            return _names(self._inside(element, "initial", state))
        first = (child for child in state.children if child.kind != "history")
        return _names(list(first)[:1])

    def _history(self, state: State) -> Json:
        deep = state.element.attributes.get("type", "shallow")
        if deep not in ("shallow", "deep"):
            message = f'the type of a history is shallow or deep, not "{deep}"'
            self.file.problem(state.element, "bad_history", message)
        found = self._default(state.element, state.parent or state)
        return {"history": deep, **found}

    def _default(self, element: Element, state: State) -> Json:
        """What the one transition of <initial> or <history> does."""
        transitions = element.all("transition")
        if len(transitions) != 1:
            message = f"<{element.name}> has one <transition>, not {len(transitions)}"
            self.file.problem(element, "bad_transition", message)
            return {}
        transition = transitions[0]
        for name in ("event", "cond"):
            if name in transition.attributes:
                message = f'a transition of <{element.name}> has no "{name}"'
                self.file.problem(transition, "bad_transition", message)
        actions = self.content.block(transition)
        found = {"target": _names(self._inside(transition, "target", state))}
        return {**found, "actions": actions} if actions else found

    def _inside(self, element: Element, attribute: str, state: State) -> list[State]:
        """The states that an attribute names, which are inside of `state`."""
        targets = self.states.targets(element, attribute)
        for target in targets:
            if state not in target.ancestors():
                message = f'"{target.id}" is not inside of "{state.id or "<scxml>"}"'
                self.file.problem(element, "bad_target", message)
        if not element.attributes.get(attribute, "").split():
            message = f'"{attribute}" names no state'
            self.file.problem(element, "bad_target", message)
        return targets

    def _transitions(self, state: State) -> Json:
        with_event, always = [], []
        for element in state.element.all("transition"):
            transition = self._transition(state, element)
            events = self._events(element)
            if events:
                with_event.append({"event": events, **transition})
            elif "event" not in element.attributes:
                always.append(transition)
        return {"transitions": with_event, "always": always}

    def _transition(self, state: State, element: Element) -> Json:
        attributes = element.attributes
        kind = attributes.get("type", "external")
        if kind not in ("internal", "external"):
            message = f'a transition is internal or external, not "{kind}"'
            self.file.problem(element, "bad_transition", message)
        result: Json = {}
        targets = self.states.targets(element, "target")
        if targets:
            result["target"] = _names(targets)
        elif "target" in attributes and not attributes["target"].split():
            self.file.warn(element, "bad_target", '"target" names no state')
        if GUARD in attributes:
            result["guard"] = self.file.json(element, attributes[GUARD])
        elif "cond" in attributes:
            result["guard"] = self.content.expression(element, "cond")
        # An internal one counts in a compound state with targets inside only (3.13).
        inside = all(state in target.ancestors() for target in targets)
        internal = kind == "internal" and state.kind == "compound" and inside
        if targets and not internal:
            result["reenter"] = True
        actions = self.content.block(element)
        return {**result, "actions": actions} if actions else result

    def _events(self, element: Element) -> list[str]:
        found = []
        for each in element.attributes.get("event", "").split():
            stem = each.removesuffix(".*").removesuffix(".")
            if each == ".*":
                message = 'the event ".*" is read as "*"'
                self.file.warn(element, "bad_event", message)
                found.append("*")
            elif each != "*" and ("*" in stem or "" in stem.split(".")):
                message = f'"{each}" is no event descriptor'
                self.file.problem(element, "bad_event", message)
            else:
                found.append(each)
        return found


def _names(states: list[State]) -> list[str]:
    return [f"#{state.id}" for state in states]
