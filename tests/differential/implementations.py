"""What the names in random machines stand for; xstate_side.mjs has the same in code."""

from __future__ import annotations

from typing import Any

Json = Any

IMPLEMENTATIONS: Json = {
    "actions": {
        "trace": {
            "type": "log",
            "message": {"expr": "[params.name, event.type, context.n]"},
        },
        "inc": {
            "type": "assign",
            "set": {"n[params.key]": {"expr": "context.n[params.key] + 1"}},
        },
        "add": {
            "type": "assign",
            "set": {
                "n[params.key]": {
                    "expr": 'context.n[params.key] + get(event.data, "x", 0)'
                }
            },
        },
        "fail": {"type": "assign", "set": {"kept": {"expr": "1 / 0"}}},
        "keep": {"type": "assign", "set": {"kept": {"expr": "event.output"}}},
        "both": [
            {"type": "inc", "params": {"key": "b"}},
            {"type": "trace", "params": {"name": "both"}},
        ],
    },
    "guards": {
        "lt": {"expr": "context.n[params.key] < params.value"},
        "odd": {"expr": "context.n[params.key] % 2 == 1"},
        "isEvent": {"expr": "event.type == params.type"},
        "yes": {"expr": "true"},
        "no": {"expr": "false"},
    },
    "delays": {"soon": 7, "later": {"expr": "context.n.a * 10 + 5"}},
}
