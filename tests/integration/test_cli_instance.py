"""`pgsm instance`: start, send, look at, hold, end; history and watch."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsm.cli import steps
from pgsm.cli.conditions import condition
from pgsm.engine import exact

from .operated import define, done, fail_effect, lines, refused, run, start


@pytest.fixture(scope="module")
def orders(dsn: str) -> str:
    """The database with the machine."""
    define(dsn)
    return dsn


def value(dsn: str, *arguments: str) -> Any:
    """The one value that a command prints."""
    return exact.loads(done(dsn, *arguments, "--json"))


# -- start and send --------------------------------------------------------------------


def test_start_shows_the_instance_with_exact_numbers(orders: str) -> None:
    shown = done(
        orders, "instance", "start", "order", "s-1", "--input", '{"total": 12.50}'
    )
    assert re.search("^state: +offered$", shown, re.M)
    assert '{"eta": null, "total": 12.50}' in shown


def test_input_comes_from_a_file_or_standard_input(orders: str, tmp_path: Path) -> None:
    file = tmp_path / "given.json"
    file.write_text('{"total": 1.10}')
    verb = ["instance", "start", "order"]
    assert '"total": 1.10' in done(orders, *verb, "f-1", "--input", f"@{file}")
    given = '{"total": 2.20}'
    assert '"total": 2.20' in done(orders, *verb, "f-2", "--input", "-", given=given)


def test_start_without_an_id_makes_one_up(orders: str) -> None:
    made = value(orders, "instance", "start", "order", "--input", '{"total": 1}')
    shown = value(orders, "instance", "show", made["instance_id"])
    assert shown["value"] == "offered"


def test_taken_id_is_refused_unless_it_may_be_returned(orders: str) -> None:
    start(orders, "t-1")
    verb = ["instance", "start", "order", "t-1", "--input", '{"total": 1}']
    assert "(SM109)" in refused(orders, *verb)
    assert value(orders, *verb, "--if-exists", "return")["revision"] == 1


def test_event_that_is_taken_ends_with_0(orders: str) -> None:
    start(orders, "e-1")
    sent = value(orders, "instance", "send", "e-1", "accept", '{"eta": 20}')
    assert (sent["outcome"], sent["value"], sent["revision"]) == (
        "taken",
        "charging",
        2,
    )


@pytest.mark.parametrize(
    ("event", "data", "outcome"),
    [("accept", '{"eta": 90}', "guarded"), ("nothing", "{}", "no_transition")],
)
def test_event_that_nothing_takes_ends_with_1(
    orders: str, event: str, data: str, outcome: str
) -> None:
    start(orders, f"u-{outcome}")
    verb = ["instance", "send", f"u-{outcome}", event, data]
    result = run(orders, *verb)
    assert result.exit_code == 1
    assert re.search(f"^outcome: +{outcome}$", result.stdout, re.M)
    assert run(orders, *verb, "--on-unhandled", "ignore").exit_code == 0
    assert "(SM101)" in refused(orders, *verb, "--on-unhandled", "refuse")


def test_guard_that_refused_is_named(orders: str) -> None:
    start(orders, "g-1")
    result = run(orders, "instance", "send", "g-1", "accept", '{"eta": 90}')
    assert "refused by: event.data.eta <= 60" in result.stdout


def test_revision_that_is_not_the_expected_one_is_refused(orders: str) -> None:
    start(orders, "x-1")
    verb = ["instance", "send", "x-1", "accept", '{"eta": 1}']
    assert "(SM108)" in refused(orders, *verb, "--expected-revision", "7")


def test_posted_event_waits_its_delay(orders: str) -> None:
    start(orders, "p-1")
    verb = ["instance", "send", "p-1", "cancel", "--post", "--delay", "2 days"]
    posted = value(orders, *verb, "--event-id", "evt-1")
    assert posted["timer_id"] == "evt-1"
    shown = value(orders, "instance", "show", "p-1")
    assert {timer["timer_id"] for timer in shown["timers"]} >= {"evt-1"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["send", "i", "go", "{1}"],
        ["send", "i", "go", "@/nowhere.json"],
        ["send", "i", "go", "--delay", "1 day"],
        ["send", "i", "go", "--post", "--expected-revision", "1"],
        ["start", "order", "i", "--input", "NaN"],
        ["watch", "i", "--interval", "0"],
        ["list", "--status", "asleep"],
    ],
)
def test_wrong_usage_ends_with_2(orders: str, arguments: list[str]) -> None:
    assert run(orders, "instance", *arguments).exit_code == 2


def test_unknown_instance_is_refused(orders: str) -> None:
    for verb in ("show", "history", "watch", "tree", "pause", "resume", "stop"):
        assert "(SM100)" in refused(orders, "instance", verb, "nobody")


# -- show and list ---------------------------------------------------------------------


def test_show_has_events_timers_and_open_effects(orders: str) -> None:
    start(orders, "w-1")
    shown = done(orders, "instance", "show", "w-1")
    assert "accept  depends" in shown
    assert "after.10 minutes.offered (1/0) armed, due 2" in shown.replace("1/1", "1/0")
    effect_id = fail_effect(orders, "w-2")
    assert f"card.charge ({effect_id}) failed: no money" in done(
        orders, "instance", "show", "w-2"
    )


def test_list_filters_and_pages(fresh_dsn: str) -> None:
    define(fresh_dsn)
    start(fresh_dsn, "a", "b", "c")
    done(fresh_dsn, "instance", "send", "b", "cancel")
    verb = ["instance", "list"]

    def ids(*options: str) -> list[str]:
        return [i["instance_id"] for i in lines(fresh_dsn, *verb, *options)]

    assert ids() == ["a", "b", "c"]
    assert ids("--state", "offered", "--machine", "order") == ["a", "c"]
    assert ids("--status", "done") == ["b"]
    assert ids("--version", "2") == ids("--machine", "other") == []
    result = run(fresh_dsn, *verb, "--limit", "2")
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "instance",
        "a",
        "b",
    ]
    assert result.stderr == "there are more than 2: --after b shows them\n"
    assert ids("--after", "b") == ["c"]


def test_escape_sequences_do_not_reach_the_terminal(orders: str) -> None:
    note = {"type": "log", "message": "\x1b[31mred\u202e"}
    define(orders, {"id": "loud", "initial": "a", "states": {"a": {"entry": note}}})
    done(orders, "instance", "start", "loud", "loud-1", "--input", '{"a": "\\u001b["}')
    for verb in ("show", "history", "tree"):
        printed = done(orders, "instance", verb, "loud-1")
        assert printed.replace("\n", "").isprintable()
    assert "\\x1b[31mred" in done(orders, "instance", "history", "loud-1")


# -- hold and end ----------------------------------------------------------------------


def test_paused_instance_takes_no_event_until_it_is_resumed(orders: str) -> None:
    start(orders, "h-1")
    assert value(orders, "instance", "pause", "h-1")["status"] == "paused"
    assert "(SM111)" in refused(orders, "instance", "send", "h-1", "cancel")
    assert value(orders, "instance", "resume", "h-1")["status"] == "active"
    done(orders, "instance", "send", "h-1", "cancel")


def test_stopped_instance_stays_where_it_is(orders: str) -> None:
    start(orders, "h-2")
    stopped = value(orders, "instance", "stop", "h-2", "--reason", "ordered twice")
    assert (stopped["status"], stopped["value"]) == ("stopped", "offered")
    assert "(SM110)" in refused(orders, "instance", "send", "h-2", "cancel")
    assert "ordered twice" in done(orders, "instance", "history", "h-2")


def test_tree_has_children_below_their_parent(orders: str) -> None:
    child = {"id": "child", "initial": "asked", "states": {"asked": {}}}
    parent = {
        "id": "parent",
        "initial": "waiting",
        "states": {"waiting": {"invoke": {"id": "kid", "machine": "child"}}},
    }
    define(orders, child)
    define(orders, parent)
    done(orders, "instance", "start", "parent", "mum")
    _settle(orders)
    family = lines(orders, "instance", "tree", "mum")
    assert [(i["depth"], i["parent_invoke"]) for i in family] == [(0, None), (1, "kid")]
    printed = done(orders, "instance", "tree", "mum").splitlines()
    assert [line.partition(" ")[0] for line in printed[:2]] == ["instance", "mum"]
    assert printed[2].startswith("  ")


def _settle(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("select pgsm.fire_timers()")


# -- history ---------------------------------------------------------------------------


def test_history_explains_a_step(orders: str) -> None:
    start(orders, "log-1")
    done(orders, "instance", "send", "log-1", "accept", '{"eta": 20}')
    printed = done(orders, "instance", "history", "log-1", "--revision", "2")
    title, *rest = printed.splitlines()
    assert title.startswith("2  2")
    assert title.endswith("  event accept  by postgres")
    told = [line.strip() for line in rest]
    assert 'data:       {"eta":20}' in told
    assert "transition: offered → charging, as event.data.eta <= 60" in told
    assert "$.states.offered.on.accept[0]" in told
    assert "states:     offered → charging" in told
    assert "context:    /eta = 20" in told
    assert any(t.startswith("effect:     card.charge (2/") for t in told)
    assert "emitted:    order.accepted" in told
    assert "note:       accepted" in told


def test_history_as_json_has_a_line_a_step(orders: str) -> None:
    start(orders, "log-2")
    done(orders, "instance", "send", "log-2", "accept", '{"eta": 20}')
    first, second = lines(orders, "instance", "history", "log-2")
    assert (first["origin"], first["event"]) == ("start", "pgsm.start")
    assert [t["event"] for t in first["timers"]] == []
    assert second["taken"] == [
        {
            "path": "$.states.offered.on.accept[0]",
            "source": "offered",
            "targets": ["charging"],
            "guard": {"expr": "event.data.eta <= 60"},
            "reason": "event.data.eta <= 60",
        }
    ]
    assert [e["name"] for e in second["effects"]] == ["card.charge"]


def test_history_has_the_last_steps(orders: str) -> None:
    start(orders, "log-3")
    for _ in range(2):
        done(orders, "instance", "pause", "log-3")
        done(orders, "instance", "resume", "log-3")
    revision = value(orders, "instance", "show", "log-3")["revision"]
    found = lines(orders, "instance", "history", "log-3", "--last", "2")
    assert [step["revision"] for step in found][-1:] == [revision]
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("path", "source", "targets"),
    [
        ("$.on.go[0]", "", ["a"]),
        ("$.states.a.states.b.always[1]", "a.b", ["c"]),
        ('$.states["a.b"].on["x y"][0]', "a.b", ["c"]),
        ("$.states.gone.on.go[0]", "gone", []),
    ],
)
def test_transition_is_read_from_its_path(
    path: str, source: str, targets: list[str]
) -> None:
    document = {
        "on": {"go": "a"},
        "states": {
            "a": {"states": {"b": {"always": [{}, {"target": ["c"]}]}}},
            "a.b": {"on": {"x y": {"target": "c"}}},
        },
    }
    found = steps.transition(path, document)
    assert (found["source"], found["targets"]) == (source, targets)


@pytest.mark.parametrize(
    ("guard", "words"),
    [
        ("near", "near (event.data.eta <= 60)"),
        (
            {"type": "near", "params": {"max": 60}},
            'near {"max":60} (event.data.eta <= 60)',
        ),
        (
            {"and": ["near", {"not": {"in": "a.b"}}]},
            "(near (event.data.eta <= 60)) and (not (in a.b))",
        ),
        ({"or": ["far", {"expr": "context.n > 1.50"}]}, "far or (context.n > 1.50)"),
        (
            {"sql": "shop.open(text)", "args": [{"expr": "context.id"}, 1]},
            "shop.open(context.id, 1)",
        ),
        (7, "7"),
    ],
)
def test_guards_are_told_in_words(guard: Any, words: str) -> None:
    named = {"near": {"expr": "event.data.eta <= 60"}}
    assert condition(guard, named) == words


# -- watch -----------------------------------------------------------------------------


def test_watch_shows_steps_until_the_instance_ends(orders: str) -> None:
    start(orders, "live-1")

    def go_on() -> None:
        done_ = psycopg.connect(orders, autocommit=True)
        with done_ as connection:
            connection.execute("select pgsm.send_event('live-1', 'cancel')")

    timer = threading.Timer(0.3, go_on)
    timer.start()
    printed = done(orders, "instance", "watch", "live-1", "--interval", "0.05")
    timer.join()
    first, *rest = printed.splitlines()
    assert first == "live-1 is in offered, revision 1, active"
    assert "event cancel" in rest[0]
    assert rest[-1] == "live-1 is done"


def test_watch_since_begins_with_the_past(orders: str) -> None:
    start(orders, "live-2")
    done(orders, "instance", "send", "live-2", "cancel")
    found = lines(orders, "instance", "watch", "live-2", "--since", "0")
    assert [step["event"] for step in found] == ["pgsm.start", "cancel"]


def _hears_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_ends_watch_cleanly(orders: str) -> None:
    start(orders, "live-3")
    command = [sys.executable, "-m", "pgsm", "instance", "watch", "live-3"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PGSM_DSN": orders},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job, as CI may be one, ignores it
        preexec_fn=_hears_interrupts,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("live-3 is in offered")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read().strip() == ""


# -- who may ---------------------------------------------------------------------------


def acting_as(dsn: str, role: str) -> str:
    return make_conninfo(dsn, options=f"-c role={role}")


LOOKING = (
    ["machine", "list"],
    ["machine", "show", "order"],
    ["instance", "list"],
    ["instance", "show", "role-1"],
    ["instance", "history", "role-1"],
    ["instance", "tree", "role-1"],
    ["timer", "list"],
    ["timer", "late"],
    ["effect", "list"],
    ["effect", "failures"],
)


def test_viewer_looks_and_does_nothing(orders: str) -> None:
    viewer = acting_as(orders, "pgsm_viewer")
    start(orders, "role-1")
    for verb in LOOKING:
        done(viewer, *verb)
    for verb in (["instance", "stop", "role-1"], ["instance", "send", "role-1", "x"]):
        assert "(42501)" in refused(viewer, *verb)


def test_operator_does_all_but_define(orders: str, tmp_path: Path) -> None:
    operator = acting_as(orders, "pgsm_operator")
    start(operator, "role-2")
    assert "by pgsm_operator" in done(operator, "instance", "history", "role-2")
    done(operator, "timer", "move", "role-2", "1/1", "+1 hour")
    done(operator, "instance", "pause", "role-2")
    done(operator, "instance", "resume", "role-2")
    done(operator, "instance", "send", "role-2", "accept", '{"eta": 1}')
    [effect] = lines(operator, "effect", "list", "--instance", "role-2")
    done(operator, "effect", "cancel", "role-2", effect["effect_id"])
    done(operator, "instance", "stop", "role-2")
    file = tmp_path / "small.json"
    file.write_text('{"initial": "a", "states": {"a": {}}}')
    assert "(42501)" in refused(operator, "machine", "define", str(file))
    assert "small" in done(
        acting_as(orders, "pgsm_author"), "machine", "define", str(file)
    )
