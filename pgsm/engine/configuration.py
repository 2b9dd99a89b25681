"""The set procedures of the SCXML algorithm, over the states of a plan.

Named as in the Recommendation's appendix D
(https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation).  Where XState
and SCXML differ (the domain of a transition), XState decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .content import Block
from .plan import State, Transition

Configuration = set[State]
History = Mapping[str, Sequence[State]]


def document_order(states: Iterable[State]) -> list[State]:
    """Return the states in document order (entry order)."""
    return sorted(states, key=_position)


def exit_order(states: Iterable[State]) -> list[State]:
    """Return the states in reverse document order."""
    return sorted(states, key=_position, reverse=True)


def _position(state: State) -> int:
    return state.position


def is_descendant(state: State, ancestor: State) -> bool:
    """Whether ``state`` is a proper descendant of ``ancestor``."""
    return ancestor in state.ancestors


def find_lcca(states: Sequence[State]) -> State | None:
    """Return the least common proper ancestor, which may be a parallel state."""
    head, *tail = states
    for ancestor in head.ancestors:
        if all(is_descendant(state, ancestor) for state in tail):
            return ancestor
    return None


def get_effective_target_states(
    transition: Transition, history: History
) -> list[State]:
    """Return the targets with history states replaced by what they stand for."""
    found: dict[State, None] = {}
    for target in transition.targets or ():
        if target.kind != "history":
            found[target] = None
        elif target.path in history:
            found.update(dict.fromkeys(history[target.path]))
        else:
            default = _history_default(target)
            found.update(dict.fromkeys(get_effective_target_states(default, history)))
    return list(found)


def _history_default(state: State) -> Transition:
    """The default transition of a history state: its own, else its parent's initial."""
    parent = state.parent
    assert parent is not None
    if state.default is not None:
        return state.default
    if parent.initial is not None:
        return parent.initial
    children = tuple(child for child in parent.children if child.kind != "history")
    return Transition(parent, children, None, None, False, state.document_path)


def get_transition_domain(transition: Transition, history: History) -> State | None:
    """Return the state whose descendants the transition exits; None: all, root too."""
    if not isinstance(transition.domain, bool):
        return transition.domain
    domain = _get_transition_domain(transition, history)
    if not any(target.kind == "history" for target in transition.targets or ()):
        transition.domain = domain
    return domain


def _get_transition_domain(transition: Transition, history: History) -> State | None:
    targets = get_effective_target_states(transition, history)
    source = transition.source
    if not transition.reenter and all(
        target is source or is_descendant(target, source) for target in targets
    ):
        return source
    domain = find_lcca([*targets, source])
    if domain is not None or transition.reenter:
        return domain
    return source.ancestors[-1] if source.ancestors else source


def compute_exit_set(
    transitions: Iterable[Transition], configuration: Configuration, history: History
) -> set[State]:
    """Return the active states that the transitions leave."""
    leaving: set[State] = set()
    for transition in transitions:
        if not transition.targets:
            continue
        domain = get_transition_domain(transition, history)
        if domain is None:
            leaving |= configuration
        else:
            leaving.update(s for s in configuration if domain in s.ancestors)
    return leaving


def remove_conflicting_transitions(
    enabled: Sequence[Transition], configuration: Configuration, history: History
) -> list[Transition]:
    """Return the optimal set: descendants win, else the earlier in document order."""
    if len(enabled) < 2:
        return list(enabled)
    exits = {t: compute_exit_set([t], configuration, history) for t in enabled}
    kept: dict[Transition, None] = {}
    for candidate in dict.fromkeys(enabled):
        rivals = [t for t in kept if exits[t] & exits[candidate]]
        if all(is_descendant(candidate.source, rival.source) for rival in rivals):
            for rival in rivals:
                del kept[rival]
            kept[candidate] = None
    return list(kept)


class EntrySet:
    """What a microstep enters, by default or through history."""

    __slots__ = ("default_content", "default_entry", "history", "states")

    def __init__(self, history: History) -> None:
        self.history = history
        self.states: set[State] = set()
        self.default_entry: set[State] = set()
        self.default_content: dict[State, Block | None] = {}

    def add_descendant_states_to_enter(self, state: State) -> None:
        """Add a state with what its entering makes active below it."""
        if state.kind == "history":
            self._add_history(state)
            return
        self.states.add(state)
        if state.kind == "compound" and state.initial is not None:
            self.default_entry.add(state)
            self._add_targets(state.initial, state)
        elif state.kind == "parallel":
            self._add_regions(state)

    def add_ancestor_states_to_enter(self, state: State, domain: State | None) -> None:
        """Add what lies between the domain and a state, and the regions beside it."""
        if state is domain:
            return
        for ancestor in state.ancestors:
            if ancestor is domain:
                break
            self.states.add(ancestor)
            if ancestor.kind == "parallel":
                self._add_regions(ancestor)
        if domain is not None and domain.kind == "parallel":
            self._add_regions(domain)

    def _add_history(self, state: State) -> None:
        recorded = self.history.get(state.path)
        if recorded is not None:
            for target in recorded:
                self.add_descendant_states_to_enter(target)
            for target in recorded:
                self.add_ancestor_states_to_enter(target, state.parent)
            return
        assert state.parent is not None
        default = _history_default(state)
        if state.default is not None:
            self.default_content[state.parent] = default.actions
        elif default is state.parent.initial:
            self.default_entry.add(state.parent)
        self._add_targets(default, state.parent)

    def _add_targets(self, transition: Transition, ancestor: State) -> None:
        for target in transition.targets or ():
            self.add_descendant_states_to_enter(target)
        for target in transition.targets or ():
            self.add_ancestor_states_to_enter(target, ancestor)

    def _add_regions(self, parallel: State) -> None:
        for region in parallel.children:
            if region.kind != "history" and not any(
                state is region or region in state.ancestors for state in self.states
            ):
                self.add_descendant_states_to_enter(region)


def compute_entry_set(transitions: Iterable[Transition], history: History) -> EntrySet:
    """Return what the transitions enter; may name states that are active still."""
    entering = EntrySet(history)
    for transition in transitions:
        if not transition.targets:
            continue
        domain = get_transition_domain(transition, history)
        if domain is not None and not domain.children:
            continue  # of an atomic state to itself: it leaves and enters nothing
        for target in transition.targets:
            entering.add_descendant_states_to_enter(target)
        for target in get_effective_target_states(transition, history):
            entering.add_ancestor_states_to_enter(target, domain)
    return entering


def is_in_final_state(state: State, configuration: Configuration) -> bool:
    """Whether a compound or parallel state is complete."""
    if state.kind == "compound":
        return any(
            child.kind == "final" and child in configuration for child in state.children
        )
    if state.kind == "parallel":
        return all(
            is_in_final_state(child, configuration)
            for child in state.children
            if child.kind != "history"
        )
    return state.kind == "final" and state in configuration


def state_value(state: State, configuration: Configuration) -> Any:
    """Return the configuration below a state in XState's shape."""
    if state.kind == "parallel":
        return {
            child.key: state_value(child, configuration)
            for child in state.children
            if child.kind != "history"
        }
    for child in state.children:
        if child in configuration:
            if child.children:
                return {child.key: state_value(child, configuration)}
            return child.key
    return {}


def is_legal(configuration: Configuration, root: State) -> bool:
    """Whether the configuration is one that the algorithm may be in."""
    if root not in configuration:
        return False
    for state in configuration:
        active = [child for child in state.children if child in configuration]
        if state.parent is not None and state.parent not in configuration:
            return False
        if state.kind == "compound" and len(active) != 1:
            return False
        regions = [child for child in state.children if child.kind != "history"]
        if state.kind == "parallel" and len(active) != len(regions):
            return False
    return True
