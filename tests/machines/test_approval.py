"""A document's approval: reviewers known at run time, working days, four eyes."""

from __future__ import annotations

import pytest

from . import office
from .stage import Stage


@pytest.fixture(autouse=True)
def document(stage: Stage) -> None:
    """Eve has submitted a document on Tuesday at noon; three are asked."""
    stage.functions(office.SQL, office.FAKES)
    stage.effect("email.send", {})
    stage.define("review")
    stage.define("approval")
    stage.start("approval", "d-1", {"author": "eve", "title": "Travel rules"})
    stage.send("d-1", "document.submit", by="eve")
    stage.settle()


def review_of(stage: Stage, person: str) -> str:
    """The id of the review that waits for a person, found by its key."""
    (found,) = stage.find("review", "reviewer", person)
    return found


def say(stage: Stage, person: str, event: str, **data: str | int) -> None:
    stage.send(review_of(stage, person), event, data, by=person)
    stage.settle()


def mails(stage: Stage, review: str) -> list[tuple[str, str]]:
    sent = stage.effects(review)
    return [(mail.input["to"], mail.input["template"]) for mail in sent]


def test_each_reviewer_has_a_review_and_a_mail(stage: Stage) -> None:
    reviews = stage.find("review", "document", "d-1")
    assert [mails(stage, review) for review in reviews] == [
        [("ann", "please_review")],
        [("bob", "please_review")],
        [("cleo", "please_review")],
    ]


def test_two_approvals_are_enough_and_end_the_third_review(stage: Stage) -> None:
    third = review_of(stage, "bob")
    say(stage, "cleo", "review.approve")
    assert stage.look("d-1").value == "inReview"
    say(stage, "ann", "review.approve")
    done = stage.look("d-1")
    assert (done.value, done.output) == ("approved", {"approved_by": ["cleo", "ann"]})
    assert stage.look(third).status == "stopped"


def test_one_rejection_returns_it_and_a_new_round_starts_from_nothing(
    stage: Stage,
) -> None:
    say(stage, "ann", "review.approve")
    say(stage, "bob", "review.reject", comment="too long")
    returned = stage.look("d-1")
    assert (returned.value, returned.context["comments"]) == ("returned", ["too long"])
    assert stage.find("review", "document", "d-1") == []
    stage.send("d-1", "document.submit", by="eve")
    stage.settle()
    again = stage.look("d-1")
    assert (again.value, again.context["approved_by"]) == ("inReview", [])
    assert len(stage.find("review", "document", "d-1")) == 3


def test_nobody_answers_for_another(stage: Stage) -> None:
    review = review_of(stage, "ann")
    assert "does not take" in stage.refuse(review, "review.approve", by="bob")
    assert "does not take" in stage.refuse("d-1", "document.withdraw", by="ann")


def test_reviewer_hands_it_to_a_colleague(stage: Stage) -> None:
    review = review_of(stage, "ann")
    say(stage, "ann", "review.delegate", to="dora")
    assert review_of(stage, "dora") == review
    assert mails(stage, review)[-1] == ("dora", "please_review")
    assert "does not take" in stage.refuse(review, "review.approve", by="ann")
    say(stage, "dora", "review.approve")
    assert stage.look("d-1").context["approved_by"] == ["dora"]


def test_the_author_can_be_nobody_s_delegate(stage: Stage) -> None:
    review = review_of(stage, "ann")
    to = {"to": "eve"}
    assert "does not take" in stage.refuse(review, "review.delegate", to, by="ann")


def test_one_person_s_two_reviews_are_one_approval(stage: Stage) -> None:
    own, handed = review_of(stage, "bob"), review_of(stage, "ann")
    say(stage, "ann", "review.delegate", to="bob")
    for review in (own, handed):
        stage.send(review, "review.approve", by="bob")
    stage.settle()
    still = stage.look("d-1")
    assert (still.value, still.context["approved_by"]) == ("inReview", ["bob"])
    say(stage, "cleo", "review.approve")
    assert stage.look("d-1").value == "approved"


def test_all_have_answered_and_it_is_not_enough(stage: Stage) -> None:
    for person in ("ann", "cleo"):
        say(stage, person, "review.delegate", to="bob")
    for review in stage.find("review", "document", "d-1"):
        stage.send(review, "review.approve", by="bob")
    stage.settle()
    assert stage.look("d-1").value == "escalated"


def test_reminder_and_deadline_leave_the_weekend_out(stage: Stage) -> None:
    review = review_of(stage, "ann")
    stage.advance("5 days 23:59")
    assert len(mails(stage, review)) == 1
    stage.advance("1 minute")
    assert mails(stage, review)[1:] == [("ann", "review_is_due")]
    assert stage.look("d-1").value == "inReview"
    stage.advance("1 day")
    assert stage.look("d-1").value == "escalated"
    assert stage.look(review).status == "stopped"


def test_deadline_moves_with_the_data_it_is_made_of(stage: Stage) -> None:
    review = review_of(stage, "ann")
    stage.send("d-1", "document.hurry", {"days": 2}, by="eve")
    stage.settle()
    stage.advance("1 day")
    assert mails(stage, review)[1:] == [("ann", "review_is_due")]
    stage.advance("23:59")
    assert stage.look("d-1").value == "inReview"
    stage.advance("1 minute")
    assert stage.look("d-1").value == "escalated"


def test_hurry_does_not_disturb_a_review_that_is_done(stage: Stage) -> None:
    say(stage, "ann", "review.approve")
    stage.send("d-1", "document.hurry", {"days": 2}, by="eve")
    stage.settle()
    reviews = stage.find("review", "document", "d-1")
    assert [stage.look(review).context["days"] for review in reviews] == [2, 2]


def test_people_cannot_send_what_is_between_the_machines(stage: Stage) -> None:
    review = review_of(stage, "ann")
    refusal = stage.refuse(review, "review.hurry", {"days": 99}, by="ann")
    assert "internal" in refusal


def test_head_decides_in_the_end_but_has_two_eyes_only(stage: Stage) -> None:
    say(stage, "ann", "review.approve")
    stage.advance("7 days")
    for person in ("bob", "eve:head", "ann:head"):
        assert "does not take" in stage.refuse("d-1", "document.approve", by=person)
    assert stage.send("d-1", "document.approve", by="hugo:head").output == {
        "approved_by": ["ann", "hugo"]
    }


def test_withdrawing_ends_all_reviews(stage: Stage) -> None:
    stage.send("d-1", "document.withdraw", by="eve")
    stage.settle()
    assert stage.look("d-1").status == "done"
    assert stage.find("review", "document", "d-1") == []
