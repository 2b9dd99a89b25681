"""Onboarding: it drives itself, waits, and is upgraded while it waits."""

from __future__ import annotations

from .stage import LEASE_SECONDS, Row, Stage, expect

DAY = "12 seconds"
CONTACTS = {"ada": "search", "grace": "referral", "edsger": "advert"}


def begin_and_upgrade(stage: Stage) -> list[str]:
    """Three contacts on version 1, upgraded in the middle of their day; their ids."""
    stage.heading("Onboarding: a welcome mail, a day of peace, a drip mail")
    stage.say(f"A day takes {DAY} here.  Three contacts sign up, on version 1.")
    stage.rows("select pgsm.set_current_version('onboarding', 1)")
    ids = [stage.name(contact) for contact in CONTACTS]
    for instance_id, channel in zip(ids, CONTACTS.values(), strict=True):
        sign_up(stage, instance_id, channel, DAY)
    for instance_id in ids:
        stage.mail(instance_id, "welcome")
    for instance_id in ids:
        stage.wait_for_state(instance_id, "waiting")

    stage.say("Version 2 looks the channel up and welcomes by it.  They wait on:")
    before = _waiting(stage, ids)
    stage.rows("select pgsm.set_current_version('onboarding', 2)")
    stage.rows("call pgsm.upgrade_instances('onboarding', 2, instances => %s)", ids)
    after = _waiting(stage, ids)
    _show_upgrade(stage, before, after)
    _check_upgrade(stage, ids, before, after)
    _welcome_a_friend(stage)
    return ids


def sign_up(stage: Stage, instance_id: str, channel: str, day: str) -> None:
    email = f"{instance_id.removeprefix(stage.name(''))}@example.com"
    stage.row(
        "select * from crm.sign_up(%s, %s, %s, %s)", instance_id, email, channel, day
    )


def _waiting(stage: Stage, ids: list[str]) -> list[Row]:
    return stage.rows(
        "select i.instance_id, i.version, i.value #>> '{}' as state,"
        " i.context ->> 'channel' as channel, t.due_at"
        " from pgsm.instances as i join pgsm.timers as t using (instance_id)"
        " where i.instance_id = any (%s) order by i.started_at",
        ids,
    )


def _show_upgrade(stage: Stage, before: list[Row], after: list[Row]) -> None:
    stage.table(
        ["contact", "version", "state", "channel", "drip mail due"],
        (
            [
                new["instance_id"],
                f"{old['version']} → {new['version']}",
                new["state"],
                f"{old['channel'] or '—'} → {new['channel']}",
                f"{old['due_at']:%H:%M:%S} → {new['due_at']:%H:%M:%S}",
            ]
            for old, new in zip(before, after, strict=True)
        ),
    )


def _check_upgrade(
    stage: Stage, ids: list[str], before: list[Row], after: list[Row]
) -> None:
    expect(len(after) == len(CONTACTS), "a waiting contact was lost by the upgrade")
    for old, new, channel in zip(before, after, CONTACTS.values(), strict=True):
        expect(new["version"] == 2, f"{new['instance_id']} was not upgraded")
        expect(new["due_at"] == old["due_at"], "the upgrade moved a due time")
        expect(new["channel"] == channel, "the upgrade did not read the channel")
    for instance_id in ids:
        sent = len(stage.inbox.of(instance_id))
        expect(sent == 1, f"{instance_id} has {sent} mails instead of one")


def _welcome_a_friend(stage: Stage) -> None:
    stage.say("Who signs up now starts on version 2:")
    friend = stage.name("barbara")
    sign_up(stage, friend, "referral", "1 hour")
    stage.mail(friend, "welcome_friend")
    stage.wait_for_state(friend, "waiting")
    stage.send(friend, "contact.unsubscribe")


def wait_for_drips(stage: Stage, ids: list[str]) -> None:
    stage.heading("The day is over: the drip mails")
    for instance_id in ids:
        stage.mail(instance_id, "drip_1", seconds=30)
    for instance_id in ids:
        stage.wait_for_state(instance_id, "done")
        templates = [mail["X-Template"] for mail in stage.inbox.of(instance_id)]
        expect(
            templates == ["welcome", "drip_1"],
            f"{instance_id} got {templates}: one welcome and one drip mail were due",
        )
    stage.say("One welcome mail and one drip mail each: no upgrade sent one again.")


def kill_a_runner(stage: Stage, contacts: int = 12, let_through: int = 5) -> None:
    """A runner dies with mails in its hands; another one sends them."""
    stage.heading("A runner is killed in the middle, nothing is lost")
    stage.inbox.hold("crowd-", after=let_through)
    ids = [stage.name(f"crowd-{number:02}") for number in range(contacts)]
    for instance_id in ids:
        sign_up(stage, instance_id, "advert", "1 hour")
    in_flight = contacts - let_through
    stage.wait("the mails in flight", lambda: stage.inbox.waiting == in_flight)
    stage.wait("the answers of the others", lambda: _welcomes(stage, ids, let_through))
    _show_welcomes(stage, ids, "slow mail server")

    victim = stage.runners[-1]
    victim.kill()
    stage.line(f"kill -9 {victim.process.pid}", "the runner is dead", "red")
    stage.inbox.let_go()
    stage.start_runner()
    stage.say(f"Another one starts; the lease of {LEASE_SECONDS} s has to run out.")
    stage.wait("the takeover", lambda: _welcomes(stage, ids, contacts), 20)
    _show_welcomes(stage, ids, "after the takeover")
    _count_mails(stage, ids)
    for instance_id in ids:
        stage.wait_for_state(instance_id, "waiting")
        stage.rows("select pgsm.send_event(%s, 'contact.unsubscribe')", instance_id)


def _effects(stage: Stage, ids: list[str]) -> list[Row]:
    return stage.rows(
        "select status, attempt, count(*) from pgsm.effects"
        " where instance_id = any (%s) and invoke_id = 'welcome'"
        " group by 1, 2 order by 1, 2",
        ids,
    )


def _welcomes(stage: Stage, ids: list[str], succeeded: int) -> bool:
    found = {"succeeded": 0}
    for row in _effects(stage, ids):
        found[row["status"]] = found.get(row["status"], 0) + row["count"]
    return found["succeeded"] == succeeded


def _show_welcomes(stage: Stage, ids: list[str], when: str) -> None:
    counts = ", ".join(
        f"{row['count']} {row['status']} (attempt {row['attempt']})"
        for row in _effects(stage, ids)
    )
    stage.line(f"{len(ids)} mails, {when}", counts)


def _count_mails(stage: Stage, ids: list[str]) -> None:
    mails = [mail for one in ids for mail in stage.inbox.of(one, "welcome")]
    different = {mail["Message-ID"] for mail in mails}
    twice = len(mails) - len(different)
    stage.line(
        "arrived at the mail server",
        f"{len(different)} of {len(ids)}, {twice} of them twice",
        "green",
    )
    expect(len(different) == len(ids), "a mail was lost with its runner")
