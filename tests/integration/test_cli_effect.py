"""`pgsm effect`: list, show, failures, doing it again."""

from __future__ import annotations

import pytest

from pgsm.engine import exact

from .operated import define, done, fail_effect, lines, refused, run, start


@pytest.fixture
def orders(fresh_dsn: str) -> str:
    define(fresh_dsn)
    return fresh_dsn


def pending(dsn: str, instance_id: str) -> str:
    """Bring an order to an effect that waits; returns its id."""
    start(dsn, instance_id)
    done(dsn, "instance", "send", instance_id, "accept", '{"eta": 20}')
    [effect] = lines(dsn, "effect", "list", "--instance", instance_id)
    return str(effect["effect_id"])


def test_list_filters(orders: str) -> None:
    failed = fail_effect(orders, "a")
    pending(orders, "b")

    def ids(*options: str) -> list[str]:
        return [e["instance_id"] for e in lines(orders, "effect", "list", *options)]

    assert ids() == ["b", "a"]
    assert ids("--status", "pending") == ["b"]
    assert ids("--open") == ["a"]
    assert ids("--name", "email.send") == ids("--machine", "other") == []
    assert run(orders, "effect", "list", "--limit", "1").stderr.startswith("there are")
    printed = done(orders, "effect", "list", "--open").splitlines()[1]
    assert printed.split()[:5] == ["a", failed, "card.charge", "failed", "(open)"]
    assert printed.endswith("no money")


def test_show_has_input_and_error(orders: str) -> None:
    effect_id = fail_effect(orders, "a")
    shown = done(orders, "effect", "show", "a", effect_id)
    assert "failed, open: retry or cancel it" in shown
    assert '{"amount": 12.50}' in shown
    assert '"message": "no money"' in shown
    as_json = exact.loads(done(orders, "effect", "show", "a", effect_id, "--json"))
    assert as_json["error"]["type"] == "Declined"


def test_unknown_effect_is_refused(orders: str) -> None:
    start(orders, "a")
    for verb in ("show", "retry", "cancel"):
        assert "(SM300)" in refused(orders, "effect", verb, "a", "9/9")


def test_failures_are_listed_until_they_are_retried(orders: str) -> None:
    assert run(orders, "effect", "failures").stderr == "no open failure\n"
    effect_id = fail_effect(orders, "a")
    [failure] = lines(orders, "effect", "failures", "--name", "card.charge")
    assert (failure["instance_id"], failure["message"]) == ("a", "no money")
    assert lines(orders, "effect", "failures", "--machine", "other") == []
    said = done(orders, "effect", "retry", "a", effect_id)
    assert said == f"effect {effect_id} of a is pending\n"
    assert lines(orders, "effect", "failures") == []


def test_failures_are_counted_by_name_and_message(orders: str) -> None:
    fail_effect(orders, "a")
    fail_effect(orders, "b")
    [summary] = lines(orders, "effect", "failures", "--summary")
    assert (summary["name"], summary["count"]) == ("card.charge", 2)
    printed = done(orders, "effect", "failures", "--summary").splitlines()
    assert printed[0].split() == ["name", "count", "oldest", "newest", "message"]


def test_all_failures_of_a_name_are_retried(orders: str) -> None:
    fail_effect(orders, "a")
    fail_effect(orders, "b")
    verb = ["effect", "retry", "--name", "card.charge"]
    assert lines(orders, *verb, "--older-than", "1 day") == [
        {"name": "card.charge", "retried": 0}
    ]
    assert lines(orders, *verb, "--max", "1")[0]["retried"] == 1
    assert done(orders, *verb, "--spread", "0") == (
        "1 of card.charge are tried again\n"
    )


def test_cancelled_failure_is_closed(orders: str) -> None:
    effect_id = fail_effect(orders, "a")
    [said] = lines(orders, "effect", "cancel", "a", effect_id)
    assert said == {"instance_id": "a", "effect_id": effect_id, "status": "cancelled"}
    assert "(SM303)" in refused(orders, "effect", "retry", "a", effect_id)


def test_effect_that_waits_is_cancelled(orders: str) -> None:
    effect_id = pending(orders, "a")
    assert "cancelled" in done(orders, "effect", "cancel", "a", effect_id)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a"],
        ["a", "1/1", "--name", "card.charge"],
        ["a", "1/1", "--spread", "1 hour"],
        ["--name", "card.charge", "--max", "0"],
    ],
)
def test_retry_is_of_one_or_of_a_name(orders: str, arguments: list[str]) -> None:
    assert run(orders, "effect", "retry", *arguments).exit_code == 2
