"""Machines for the tests of diagrams: examples, one with all there is, hostile ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgsm.engine import definition
from pgsm.formats import files

Json = Any
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*/*.json"))

WHOLE: Json = {
    "id": "whole",
    "initial": "idle",
    "on": {
        "stop": {"target": ".over", "guard": "mayStop"},
        "note": {"actions": "keep"},
    },
    "states": {
        "idle": {
            "description": "Nothing to do",
            "tags": ["calm", "free"],
            "entry": "keep",
            "exit": [{"type": "raise", "event": "left"}],
            "on": {
                "go": [
                    {"target": "work", "guard": "mayGo", "actions": "keep"},
                    {"target": "over"},
                ],
                "again": {"target": "idle", "reenter": True},
                "both": {"target": ["work.left.two", "work.right.on"]},
                "back": "work.past",
            },
            "after": {"60000": "over", "patience": "work"},
        },
        "work": {
            "type": "parallel",
            "onDone": "over",
            "states": {
                "left": {
                    "initial": "one",
                    "states": {
                        "one": {
                            "invoke": {
                                "id": "ask",
                                "src": "mail.send",
                                "onDone": "two",
                                "onError": "two",
                            }
                        },
                        "two": {
                            "invoke": {
                                "id": "kids",
                                "machine": "child",
                                "each": {"expr": "context.items"},
                                "item": "line",
                                "onItem": {"actions": "keep"},
                                "onDone": "three",
                            }
                        },
                        "three": {"type": "final"},
                    },
                },
                "right": {
                    "initial": "on",
                    "states": {
                        "on": {"always": {"target": "off", "guard": "mayStop"}},
                        "off": {"type": "final"},
                        "old": {"type": "history", "target": "off"},
                    },
                },
                "past": {"type": "history", "history": "deep"},
            },
        },
        "over": {"type": "final"},
    },
    "context": {"items": []},
    "implementations": {
        "guards": {
            "mayGo": {"and": [{"expr": "1 < 2"}, {"not": "mayStop"}]},
            "mayStop": {"in": "work.left.three"},
        },
        "actions": {"keep": {"type": "log", "message": "kept"}},
        "delays": {"patience": {"expr": "'1 hour'"}},
        "effects": {"mail.send": {}},
    },
}

# arrows into and out of their own frames, beginnings and histories deep inside
ODD: tuple[Json, ...] = (
    {
        "id": "m",
        "initial": "a",
        "states": {
            "a": {
                "initial": "b",
                "on": {"x": {"target": "a", "reenter": True}, "y": ".c", "z": "d"},
                "states": {
                    "b": {"on": {"up": "#m.a", "go": "c"}},
                    "c": {
                        "initial": "e",
                        "states": {"e": {"on": {"top": "#m.a", "far": "#m.d.p.q"}}},
                    },
                },
            },
            "d": {
                "type": "parallel",
                "on": {"in": ".p.q"},
                "states": {
                    "p": {
                        "initial": "q",
                        "states": {"q": {"on": {"w": "#m.a", "v": "#m.d"}}, "r": {}},
                    },
                    "s": {},
                },
            },
        },
    },
    {
        "id": "m",
        "initial": {"target": ["#m.a.p.y", "#m.a.q.v"]},
        "states": {
            "a": {
                "type": "parallel",
                "states": {
                    "p": {"initial": "x", "states": {"x": {}, "y": {}}},
                    "q": {"initial": "u", "states": {"u": {}, "v": {}}},
                    "h": {"type": "history", "target": ["#m.a.p.x", "#m.a.q.v"]},
                },
            },
            "b": {"on": {"go": {"target": ["#m.a.p.x", "#m.a.q.u"]}, "k": "a.h"}},
        },
    },
    {
        "id": "m",
        "type": "parallel",
        "states": {"a": {"initial": "x", "states": {"x": {}}}, "b": {}},
        "on": {"re": ".a.x"},
    },
    {"id": "m", "on": {"a": {"actions": {"type": "log", "message": "x"}}}},
)

HOSTILE = (
    "</text><script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "\"quoted\" \\ and 'single'",
    "%%{init: {'theme': 'dark'}}%%",
    "a --> b : c; d",
    "#quot; #60;b#62; &lt;i&gt; &amp;",
    "--- [*] {x} <<fork>> end note",
    "héllo wörld 状態 🚀 مرحبا",
    "- list\n1. item `code` **bold** _em_",
    "classDef a fill:#fff; style b:#1;",
    "[click](javascript:alert(1))",
    "<b>&</b>",
)


def hostile() -> Json:
    """A machine in which every text that a diagram shows is hostile."""
    states: dict[str, Json] = {}
    for number, text in enumerate(HOSTILE):
        states[one_line(text).replace(".", "").lstrip("#")] = {
            "description": text,
            "tags": [one_line(text)],
            "on": {f"go{number}": {"target": "#end", "guard": {"expr": _quoted(text)}}},
        }
    return {
        "id": HOSTILE[3],
        "description": HOSTILE[0],
        "initial": {"target": "#inner"},
        "states": {
            HOSTILE[0].replace(".", ""): {
                "initial": "#inner",
                "states": {**states, "inner": {"id": "inner"}},
            },
            "end": {"type": "final", "id": "end"},
        },
    }


def one_line(text: str) -> str:
    return " ".join(text.split())


def _quoted(text: str) -> str:
    return repr(one_line(text)) + " == 'x'"


def normal(document: Json) -> Json:
    """A document in normal form."""
    return definition.normalise(document)


def example(path: Path) -> Json:
    """An example in normal form."""
    return normal(files.read_definition(path))
