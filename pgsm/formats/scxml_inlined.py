"""Named actions, guards and delays where they are used, in SCXML's dialect."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .scxml_actions import as_expression
from .scxml_dialect import Dialect

Json = Any
Params = Mapping[str, str] | None

_SIMPLE = re.compile(r"[\w.]+|'[^'\\]*'")
_MILLISECONDS = {
    "milliseconds": 1,
    "seconds": 1_000,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": 86_400_000,
    "weeks": 604_800_000,
}


class Inlined:
    """Puts the implementations of one document where they are named."""

    def __init__(
        self,
        document: Json,
        dialect: Dialect,
        native: bool,
        id_of: Callable[[str], str],
        timers: Mapping[str, Mapping[str, str]],
    ) -> None:
        self.timers = timers
        parts = document.get("implementations", {})
        self.named = {
            kind: parts.get(kind, {}) for kind in ("actions", "guards", "delays")
        }
        self.dialect = dialect
        self.native = native
        self.id_of = id_of

    def _params(self, raw: Json, path: str, params: Params) -> dict[str, str]:
        """The expressions that a named part's parameters are, the whole under ""."""
        if "params" not in raw:
            return {}
        given = self.dialect.value(raw["params"], path, params)
        found = {"": self._operand(given, path)}
        if isinstance(given, dict) and not {"expr", "sql", "literal"} & set(given):
            found |= {name: self._operand(item, path) for name, item in given.items()}
        return found

    def _operand(self, value: Json, path: str) -> str:
        source = as_expression(value)
        if source is None:
            self.dialect.warn(path, "pgsm_only", "SCXML has no SQL functions", None)
        source = source or "None"
        return source if _SIMPLE.fullmatch(source) else f"({source})"

    # -- actions ---------------------------------------------------------------

    def actions(
        self, actions: list[Json], path: str, params: Params = None
    ) -> list[Json]:
        """The actions, named ones replaced by what they are."""
        result = []
        for number, action in enumerate(actions):
            place = f"{path}[{number}]"
            if action["type"] in self.named["actions"]:
                where = f"$.implementations.actions.{action['type']}"
                given = self._params(action, place, params)
                named = self.named["actions"][action["type"]]
                result += self.actions(named, where, given)
            elif action["type"] == "rearm":
                result += self._rearmed(action["delay"], place)
            else:
                result.append(self._action(action, place, params))
        return result

    def _rearmed(self, key: str, path: str) -> list[Json]:
        """A delay of the active states once more; SCXML cannot count from an entry."""
        message = "the delay is counted from now, not from when its state was entered"
        self.dialect.warn(path, "delay", message, None)
        found: list[Json] = []
        for state, event in self.timers.get(key, {}).items():
            delay = self.delay(key, path)
            again = {"type": "send", "event": event, "id": event, "delay": delay}
            actions = [{"type": "cancel", "id": event}, again]
            branch = {"guard": {"expr": f"In({state!r})"}, "actions": actions}
            found.append({"type": "choose", "branches": [branch]})
        return found

    def _action(self, action: Json, path: str, params: Params) -> Json:
        kind, result = action["type"], dict(action)
        for key, item in action.items():
            if key in ("actions", "branches", "delay", "set", "remove", "type"):
                continue
            if key == "assign":
                result[key] = self.dialect.location(item, path, params)
                continue
            result[key] = self.dialect.value(item, f"{path}.{key}", params)
        if "actions" in action:
            result["actions"] = self.actions(action["actions"], path, params)
        if "branches" in action:
            result["branches"] = [
                self._branch(branch, f"{path}.branches[{number}]", params)
                for number, branch in enumerate(action["branches"])
            ]
        if "delay" in action:
            result["delay"] = self.delay(action["delay"], f"{path}.delay", params)
        if "set" in action:
            result["set"] = {
                self.dialect.location(name, path, params): self.dialect.value(
                    item, path, params
                )
                for name, item in action["set"].items()
            }
        if kind == "foreach" and self.native:
            result.setdefault("item", "item")
            result.setdefault("index", "index")
        return result

    def _branch(self, branch: Json, path: str, params: Params) -> Json:
        result = {}
        if "guard" in branch:
            result["guard"] = self.guard(branch["guard"], f"{path}.guard", params)
        actions = branch.get("actions", [])
        return {**result, "actions": self.actions(actions, f"{path}.actions", params)}

    # -- guards ----------------------------------------------------------------

    def guard(self, guard: Json, path: str, params: Params = None) -> Json:
        """The guard as one expression, where no SQL function is asked."""
        if "expr" in guard:
            return {"expr": self.dialect.expression(guard["expr"], path, params)}
        if "in" in guard:
            return {"expr": f"In({self.id_of(guard['in'])!r})"}
        if "not" in guard:
            inner = self.guard(guard["not"], path, params)
            same = set(inner) != {"expr"}
            return {"not": inner} if same else {"expr": f"not ({inner['expr']})"}
        for word in ("and", "or"):
            if word in guard:
                inner = [self.guard(each, path, params) for each in guard[word]]
                return join(word, inner)
        if "type" in guard:
            where = f"$.implementations.guards.{guard['type']}"
            given = self._params(guard, path, params)
            return self.guard(self.named["guards"][guard["type"]], where, given)
        return self.dialect.value(guard, path, params)

    # -- delays ----------------------------------------------------------------

    def delay(self, delay: Json, path: str, params: Params = None) -> Json:
        """The delay by itself; a computed one as SCXML's text of milliseconds."""
        if isinstance(delay, str) and delay in self.named["delays"]:
            return self.delay(self.named["delays"][delay], path)
        if isinstance(delay, dict) and "type" in delay:
            given = self._params(delay, path, params)
            return self.delay(self.named["delays"][delay["type"]], path, given)
        if not isinstance(delay, dict):
            return delay
        if "expr" not in delay or not self.native:
            return self.dialect.value(delay, path, params)
        source = self.dialect.expression(delay["expr"], path, params)
        factor = _MILLISECONDS.get(delay.get("unit", ""))
        if factor is None:
            message = "elsewhere a computed delay is a text such as '5s'"
            self.dialect.warn(path, "delay", message, None)
            return {"expr": source}
        if factor > 1:
            source = f"({source}) * {factor}"
        return {"expr": f"str({source}) + 'ms'"}


def join(word: str, guards: list[Json]) -> Json:
    """The guards as one, an expression where all are."""
    if any(set(guard) != {"expr"} for guard in guards):
        return {word: guards}
    if not guards:
        return {"expr": str(word == "and")}
    if len(guards) == 1:
        return guards[0]
    return {"expr": f" {word} ".join(f"({guard['expr']})" for guard in guards)}
