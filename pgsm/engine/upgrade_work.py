"""What goes on across an upgrade: timers, invocations, children, lists of work.

Policies are words, or objects of words by name with ``default``:

``timers``   keep, recompute, restart, drop; by ``state/delay`` or state also the
             ``state/delay`` that it becomes, or null to drop it
``effects``  keep, restart, cancel; by invocation id or state; for a child also
             along: it is kept, and told to follow to its machine's current version
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from . import configuration as sets
from . import work
from .plan import Delay, Invocation, State
from .run import Run
from .upgrade import StateMap, map_path, paths_of, refuse

Json = Any

TIMERS = ("keep", "recompute", "restart", "drop")
EFFECTS = ("keep", "along", "restart", "cancel")


def _is_list(new: Invocation, *, of_children: bool) -> bool:
    return new.each is not None and (new.machine is not None) == of_children


def _is_child(new: Invocation, *, in_list: bool) -> bool:
    return new.machine is not None and (new.each is not None) == in_list


class Work:
    """Takes the work of an instance over to its new version.

    ``run`` stands in the new configuration.  ``lenient`` drops a timer that has no
    counterpart; else it refuses the upgrade.  For ``coverage`` it is not known what is
    a list of work.
    """

    def __init__(
        self,
        run: Run,
        states: StateMap,
        timers: Json = "keep",
        effects: Json = "keep",
        *,
        lenient: bool = False,
        coverage: bool = False,
    ) -> None:
        self.run = run
        self.states = states
        self.timers = timers if isinstance(timers, Mapping) else {"default": timers}
        self.effects = effects if isinstance(effects, Mapping) else {"default": effects}
        self.lenient = lenient
        self.coverage = coverage
        self.kept_delays: set[Delay] = set()
        self.kept_invocations: dict[Invocation, tuple[str, str]] = {}
        self.kept_effects: set[tuple[str, str]] = set()
        self.ended: dict[str, str] = {}

    def targets(self, old: str) -> list[State]:
        """Return the active states that an old state has become."""
        paths = paths_of(map_path(old, self.states, None, self.run.plan))
        found = [self.run.plan.state_by_path[path] for path in paths]
        return [state for state in found if state in self.run.configuration]

    # -- timers -------------------------------------------------------------------

    def keep_timers(self, timers: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "drop": [timer_id]}`` for the ``after`` timers.

        A timer without an id is over: it fired and was not taken, or had no due
        time.  Its delay is not armed again, unless it is restarted.  Of two that
        become one, the first stays: they come in the order of their due times.
        """
        keep: list[dict[str, Json]] = []
        drop: list[str] = []
        for timer in timers:
            word, target = self.timer_policy(timer)
            delay = self.new_delay(timer, word, target)
            known = delay in self.kept_delays
            if delay is not None and word != "restart":
                self.kept_delays.add(delay)
            row = None if delay is None or known else self._kept(timer, delay, word)
            if row is not None:
                keep.append(row)
            elif timer["timer_id"] is not None:
                drop.append(timer["timer_id"])
        return {"keep": keep, "drop": drop}

    def timer_policy(self, timer: Mapping[str, Json]) -> tuple[str, str | None]:
        """Return the policy for a timer, and the name of what it becomes."""
        default = self.timers.get("default", "keep")
        for name in (f"{timer['state']}/{timer['delay']}", timer["state"]):
            if name in self.timers:
                said = self.timers[name]
                if said is None:
                    return "drop", None
                if said in TIMERS:
                    return said, None
                return ("keep" if default in ("drop", "restart") else default), said
        return default, None

    def new_delay(
        self, timer: Mapping[str, Json], word: str, target: str | None
    ) -> Delay | None:
        """Return what a timer's delay is now; raises Refusal where one is missing."""
        if target is not None:
            path, _, key = target.partition("/")
            states = [one for one in self.run.configuration if one.path == path]
        else:
            states, key = self.targets(timer["state"]), timer["delay"]
        for state in states:
            for delay in state.delays:
                if delay.key == key:
                    return delay
        over = timer["timer_id"] is None or self.lenient
        if not over and word in ("keep", "recompute"):
            raise refuse(
                f'timer "{timer["state"]}/{timer["delay"]}" has no counterpart'
                " in the states that are active then",
                hint="name it in timers, with the one that it becomes or null to drop",
            )
        return None

    def _kept(
        self, timer: Mapping[str, Json], delay: Delay, word: str
    ) -> dict[str, Json] | None:
        if timer["timer_id"] is None or word in ("drop", "restart"):
            return None
        row = {
            "timer_id": timer["timer_id"],
            "state": delay.state.path,
            "delay": delay.key,
            "event": delay.event,
        }
        if word == "recompute":
            row["due"] = self.run.evaluate(delay.due)
            if row["due"] is None:
                return None
        return row

    # -- invocations ----------------------------------------------------------------

    def effect_policy(self, state: str, invoke_id: str) -> str:
        """Return the policy for an invocation of the old version."""
        for name in (invoke_id, state):
            if name in self.effects:
                word: str = self.effects[name]
                return word
        default: str = self.effects.get("default", "keep")
        return default

    def keep_invocations(self, effects: Iterable[Mapping[str, str]]) -> dict[str, Json]:
        """Return ``{"keep": [...], "cancel": [effect_id]}`` for the invocations.

        Of two invocations that become one, the first stays.
        """
        keep: list[dict[str, Json]] = []
        cancel: list[str] = []
        for effect in effects:
            found = self.new_invocation(effect)
            if found is None or not self._take(
                found, effect["state"], effect["invoke_id"]
            ):
                cancel.append(effect["effect_id"])
                continue
            self.kept_effects.add((effect["state"], effect["invoke_id"]))
            row = {"state": found.state.path, "invoke_id": found.invoke_id}
            keep.append({"effect_id": effect["effect_id"], **row})
        return {"keep": keep, "cancel": cancel}

    def _take(self, new: Invocation, old_state: str, old_id: str) -> bool:
        """Whether an invocation goes on as this one, which is then not started.

        What is cancelled is not started either, and not by the next upgrade.
        """
        word = self.effect_policy(old_state, old_id)
        if word == "restart":
            return False
        name = (old_state, old_id)
        first = self.kept_invocations.setdefault(new, name) == name
        if first and word == "cancel":
            self.ended[new.invoke_id] = new.state.path
        return first and word in ("keep", "along")

    def new_invocation(self, effect: Mapping[str, str]) -> Invocation | None:
        """Return what an effect's invocation is in the states that are active."""
        is_list = effect["invoke_id"] in self.run.work.get("each", {})
        ended = effect["invoke_id"] in self.run.work.get("ended", {})
        return self.find(
            effect["state"],
            effect["invoke_id"],
            lambda new: (
                new.src == effect["name"]
                and (ended or self.coverage or is_list == (new.each is not None))
            ),
        )

    def find(
        self, old_state: str, old_id: str, fits: Callable[[Invocation], bool]
    ) -> Invocation | None:
        """Return the active invocation that an old one has become, if it fits."""
        # the default id is the state's path, which the map may change
        root = self.run.plan.name or ""
        default = old_state or root
        for state in self.targets(old_state):
            wanted = [old_id]
            if f"{old_id}/".startswith(f"{default}/"):
                wanted.insert(0, (state.path or root) + old_id[len(default) :])
            for invoke_id in wanted:
                for invocation in state.invocations:
                    if invocation.invoke_id == invoke_id and fits(invocation):
                        return invocation
        return None

    def keep_running_work(self) -> None:
        """Take children, lists of work and times of entry along, or end them."""
        self._keep_ended()
        self._keep_lists()
        self._keep_children()
        for kind in ("entered", "bound"):
            self._keep_by_state(kind)
        for invoke_id, path in self.ended.items():
            self.run.keep("ended", invoke_id, path)

    def _keep_ended(self) -> None:
        for invoke_id, path in sorted(self.run.work.get("ended", {}).items()):
            self.run.forget("ended", invoke_id)
            found = self.find(path, invoke_id, lambda _: True)
            if found is not None and self._take(found, path, invoke_id):
                self.ended[found.invoke_id] = found.state.path

    def _keep_lists(self) -> None:
        run = self.run
        kept: dict[str, Json] = {}
        for invoke_id, entry in sorted(run.work.get("each", {}).items()):
            # an upgrade ends its effects one by one, and its children below
            run.forget("each", invoke_id)
            old = (entry["state"], invoke_id)
            of_children = bool(run.children(invoke_id))
            found = self.find(*old, partial(_is_list, of_children=of_children))
            if found is None:
                continue
            if self._take(found, *old) if of_children else old in self.kept_effects:
                kept[found.invoke_id] = {**entry, "state": found.state.path}
        for invoke_id, entry in kept.items():
            run.keep("each", invoke_id, entry)

    def _keep_children(self) -> None:
        run = self.run
        kept: dict[str, Json] = {}
        for child_id, child in sorted(run.work.get("children", {}).items()):
            if child.get("state") is None:
                continue
            old = (child["state"], child.get("each", child_id))
            in_list = "each" in child
            found = self.find(*old, partial(_is_child, in_list=in_list))
            if found is None or not self._take(found, *old):
                work.stop_child(run, child_id, "")
                continue
            run.forget("children", child_id)
            if self.effect_policy(*old) == "along":
                go: Json = (child["instance"], "pgsm.upgrade", {}, {"in": "0"}, None)
                run.commands.append(("message", *go))
            entry = {**child, "state": found.state.path}
            if in_list:
                entry["each"] = found.invoke_id
            kept[found.invoke_id + child_id[len(old[1]) :]] = entry
        for child_id, child in kept.items():
            if run.child(child_id):
                raise refuse(f'two children would be "{child_id}"')
            run.keep("children", child_id, child)

    def _keep_by_state(self, kind: str) -> None:
        run = self.run
        kept: dict[str, Json] = {}
        for path, noted in sorted(run.work.get(kind, {}).items()):
            run.forget(kind, path)
            for new in paths_of(map_path(path, self.states, None, run.plan)):
                kept[new] = noted
        for path, noted in kept.items():
            run.keep(kind, path, noted)

    # -- what is new ----------------------------------------------------------------

    def run_entries(self, old: Iterable[str]) -> None:
        """Run the entry actions of the states that no old active state has become."""
        run = self.run
        continued = {
            path
            for one in old
            for path in paths_of(map_path(one, self.states, None, run.plan))
        }
        for state in sets.document_order(run.configuration - {run.plan.root}):
            if state.path not in continued:
                run.where = {"state": state.path}
                run.execute_block(state.entry)

    def arm_missing(self) -> None:
        """Arm the timers that the new version adds; entry content may move them."""
        run = self.run
        for state in sets.document_order(run.configuration):
            for delay in state.delays:
                rearmed = delay.key in run.plan.rearmed
                if rearmed and state.path not in run.work.get("entered", {}):
                    run.keep("entered", state.path, run.scope["now"])
                if delay not in self.kept_delays:
                    due = run.evaluate(delay.due)
                    if due is not None:
                        run.commands.append(("after", delay, due))

    def start_missing(self) -> None:
        """Start the invocations that the new version adds."""
        run = self.run
        for state in sets.document_order(run.configuration):
            for invocation in state.invocations:
                if invocation not in self.kept_invocations:
                    work.start_invocation(run, invocation)
