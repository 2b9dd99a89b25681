"""The exceptions of pgsm's own SQLSTATEs, class SM.

Importing this module registers them with psycopg: from then on a connection of this
process raises `EventRefused` where the server raised SM101.  Before that, or without
it, the same error arrives as a `psycopg.DatabaseError` whose `sqlstate` is SM101.

    import pgsm.errors

    try:
        connection.execute("select * from pgsm.send_event(%s, 'accept')", [order])
    except pgsm.errors.EventRefused as refusal:
        print(refusal.diag.message_primary, refusal.diag.message_detail)

The groups: SM0 definitions, SM1 instances and events, SM2 timers, SM3 effects, SM4
upgrades, SM9 faults of pgsm itself.  Access that is refused is 42501,
`psycopg.errors.InsufficientPrivilege`.
"""

from __future__ import annotations

import psycopg


class PgsmError(psycopg.DatabaseError):
    """An error that pgsm raised in the database.

    What was being done has not happened: the call's changes are undone, and the
    transaction has to be rolled back, to a savepoint or as a whole.
    """


# SM0: definitions


class DefinitionRefused(PgsmError, code="SM001", name="PGSM_DEFINITION_REFUSED"):
    """The definition has problems.

    Raised by define_machine, which lists all of them in the detail: a line each, with
    its JSON path, what is wrong and what to do.  Nothing has been defined.
    check_definition lists the same problems as rows, without an error.
    """


class UnknownMachine(PgsmError, code="SM002", name="PGSM_UNKNOWN_MACHINE"):
    """There is no machine of this name.

    Names are case-sensitive; pgsm.machines lists them.
    """


class UnknownVersion(PgsmError, code="SM003", name="PGSM_UNKNOWN_VERSION"):
    """The machine has no such version, or none is current.

    pgsm.machine_versions lists the versions.  A machine whose versions were all
    defined with make_current => false has no current one: name a version, or call
    set_current_version.
    """


class VersionTaken(PgsmError, code="SM004", name="PGSM_VERSION_TAKEN"):
    """The number of the version belongs to another document.

    Raised by define_machine with an explicit version.  Leave the number out to get
    the next one; replace => true overwrites a version that has no instances.
    """


class VersionInUse(PgsmError, code="SM005", name="PGSM_VERSION_IN_USE"):
    """The version has instances and cannot be replaced.

    A version is immutable once something runs by it.  Define the document as a new
    version and upgrade the instances to it.
    """


class BadMachineName(PgsmError, code="SM006", name="PGSM_BAD_MACHINE_NAME"):
    """This cannot be a machine's name, or a version's number.

    A name is a text of 1 to 200 characters without control characters, a version a
    positive integer.
    """


# SM1: instances and events


class UnknownInstance(PgsmError, code="SM100", name="PGSM_UNKNOWN_INSTANCE"):
    """There is no instance of this id.

    Raised by whatever takes an instance id.  Was the transaction that starts it
    committed?
    """


class EventRefused(PgsmError, code="SM101", name="PGSM_EVENT_REFUSED"):
    """No enabled transition takes this event in the current configuration.

    Raised only where the caller (on_unhandled => 'refuse') or the document
    ("unhandled": "refuse") asks for it; otherwise the outcome says no_transition or
    guarded.  The message names the state, the detail the guards that said no.
    enabled_events lists what the instance takes.
    """


class EventFailed(PgsmError, code="SM102", name="PGSM_EVENT_FAILED"):
    """A guard, value, action or call of the step failed, and nothing handles that.

    The detail names machine, version, state, transition and the JSON path of the
    action or guard; the SQLSTATE of a SQL function that failed is there too.  Nothing
    has changed.  An active state with a transition for error.execution would have
    taken it.
    """


class NeverSettles(PgsmError, code="SM103", name="PGSM_NEVER_SETTLES"):
    """The step was stopped after a thousand microsteps.

    Eventless transitions or raised events form a cycle; the detail names the last
    transition.  Nothing has changed.
    """


class BadEvent(PgsmError, code="SM104", name="PGSM_BAD_EVENT"):
    """This is no event that may be sent from outside.

    The name is not a text of 1 to 500 printable characters, it is reserved for the
    engine (done.invoke, error.execution, after, pgsm, …) or internal to the machine
    (internalEvents), or the data is not a JSON object or not of the event's schema, or
    the event id is longer than 500 characters.
    """


class BadResult(PgsmError, code="SM105", name="PGSM_BAD_RESULT"):
    """The step computed something that JSON cannot hold.

    A number that is not finite, for example.  Nothing has changed; mend the
    definition.
    """


class ChangedByOwnCall(PgsmError, code="SM106", name="PGSM_CHANGED_BY_OWN_CALL"):
    """A function that the step calls has changed the step's own instance.

    A called function may not send to the instance that calls it: the step began
    before that.  Use post_event in such functions; the event arrives afterwards.
    """


class EventIdTaken(PgsmError, code="SM107", name="PGSM_EVENT_ID_TAKEN"):
    """The event id was used for another event, or with other data.

    An event id names one event of one instance: repeating the same call gives the
    first answer again, anything else is refused.
    """


class RevisionMismatch(PgsmError, code="SM108", name="PGSM_REVISION_MISMATCH"):
    """The instance is not at the expected revision any more.

    Raised where send_event was given expected_revision.  Read the instance again and
    decide anew.
    """


class InstanceExists(PgsmError, code="SM109", name="PGSM_INSTANCE_EXISTS"):
    """The instance id is taken.

    The detail names the machine that has it.  if_exists => 'return' gives the
    instance back instead where it is one of the same machine.
    """


class InstanceEnded(PgsmError, code="SM110", name="PGSM_INSTANCE_ENDED"):
    """The instance has ended: it is done, or was stopped.

    It takes no event and cannot be paused, resumed, stopped or upgraded.
    """


class InstancePaused(PgsmError, code="SM111", name="PGSM_INSTANCE_PAUSED"):
    """The instance is paused and takes no event until it is resumed.

    post_event is not refused: what is posted waits.
    """


class BadInstanceId(PgsmError, code="SM113", name="PGSM_BAD_INSTANCE_ID"):
    """This cannot be an instance id.

    An id is a text of 1 to 500 characters without control characters.
    """


class BadInput(PgsmError, code="SM114", name="PGSM_BAD_INPUT"):
    """The input of an instance is not a JSON object, or not of its schema."""


class BadOption(PgsmError, code="SM115", name="PGSM_BAD_OPTION"):
    """An argument that chooses between words is none of them.

    if_exists is 'refuse' or 'return', on_unhandled is 'ignore' or 'refuse'.
    """


class TooManyAncestors(PgsmError, code="SM116", name="PGSM_TOO_MANY_ANCESTORS"):
    """Children of children are nested more than 20 levels deep.

    The child is not started; its parent gets error.invoke.<id>.
    """


class TooManyWaiting(PgsmError, code="SM117", name="PGSM_TOO_MANY_WAITING"):
    """Too many events wait for the instance: 1,000 deferred or 10,000 posted ones."""


class NoInstanceOfKey(PgsmError, code="SM118", name="PGSM_NO_INSTANCE_OF_KEY"):
    """No instance of the machine has this value under this key.

    Or several that have it are over and none is left.  pgsm.instance_keys lists the
    values as they are now: a key changes with the context that it is computed from.
    """


class ManyInstancesOfKey(PgsmError, code="SM119", name="PGSM_MANY_INSTANCES_OF_KEY"):
    """More than one instance of the machine has this value under this key.

    The detail names the first ones.  Choose one with find_instances, and send the
    event to its id.
    """


class InstanceDeleted(PgsmError, code="SM120", name="PGSM_INSTANCE_DELETED"):
    """The instance of this id was deleted.

    Raised by whatever takes an instance id, start_instance included.  The id can be
    used again when its history is gone: the rows of its log and its effects.
    """


class BadBatch(PgsmError, code="SM121", name="PGSM_BAD_BATCH"):
    """A call for many at once has an argument that cannot be.

    send_events takes an array of 1 to 10,000 objects with instance_id and event, and
    the message names the first that is none; a retention is not negative and a batch
    is positive.
    """


class VersionPaused(PgsmError, code="SM122", name="PGSM_VERSION_PAUSED"):
    """The version of the machine is paused, with all its instances.

    Nothing has changed.  `resume_machine` lets it go on, and an instance that is
    upgraded to another version goes on at once.  A posted event waits.
    """


# SM2: timers


class NoSuchTimer(PgsmError, code="SM200", name="PGSM_NO_SUCH_TIMER"):
    """The instance has no timer of this id: it has fired, or was dropped."""


class BadDelay(PgsmError, code="SM201", name="PGSM_BAD_DELAY"):
    """A delay is negative, or is neither a delay nor a point in time.

    A delay that a document computes is refused with its event; one that is written
    out is already found when the machine is defined.
    """


class CronMissing(PgsmError, code="SM202", name="PGSM_CRON_MISSING"):
    """pg_cron is not installed in this database.

    Raised by enable_cron.  pg_cron lives in one database of a cluster, the one that
    cron.database_name names.  Where that is another one, the hint has the statements
    that a superuser runs there (`pgsm deploy` does so where it can connect); where
    there is none, `pgsm runner --timers` fires the timers.
    """


class WrongTimer(PgsmError, code="SM203", name="PGSM_WRONG_TIMER"):
    """The timer is not in a state in which that can be done to it."""


class TurnDied(PgsmError, code="SM204", name="PGSM_TURN_DIED"):
    """The session that fired the timer ended, or was cancelled, meanwhile.

    Never raised: it is the last error of a timer whose driver found no end of its
    turn: a call in its step hung until the statement timeout, or ended the server.
    It is tried again after half a minute, a minute, … and after ten attempts it is
    failed, to be retried with retry_timer.
    """


# SM3: effects


class UnknownEffect(PgsmError, code="SM300", name="PGSM_UNKNOWN_EFFECT"):
    """The instance has no effect of this id.

    pgsm.effects lists them.
    """


class ClaimsRefused(PgsmError, code="SM302", name="PGSM_CLAIMS_REFUSED"):
    """Effects are not claimed in this database.

    It is a copy that was not adopted (a restored dump, a template's copy), or
    postgresql.conf says pgsm.drivers = off.  Where the copy is meant to act on the
    outside world, an operator calls adopt_database.
    """


class EffectNotOpen(PgsmError, code="SM303", name="PGSM_EFFECT_NOT_OPEN"):
    """The effect is not in a state in which it can be retried or cancelled.

    The detail says why: it has succeeded, or the state that waited for it was left.
    """


class BadClaim(PgsmError, code="SM304", name="PGSM_BAD_CLAIM"):
    """A runner's call has an argument that cannot be.

    A negative batch, a lease of no length, more than fifty completions at once.
    """


# SM4: upgrades


class MapRefused(PgsmError, code="SM401", name="PGSM_MAP_REFUSED"):
    """The declared upgrade has problems.

    Raised by define_upgrade, with all of them in the detail.  Nothing has been
    declared.
    """


class UpgradeRefused(PgsmError, code="SM402", name="PGSM_UPGRADE_REFUSED"):
    """The instance cannot be upgraded as it stands.

    The message says why: its state has no counterpart, a timer has none, or the
    context function failed.  The instance is as it was.  upgrade_instances records such
    failures in pgsm.upgrade_failures and goes on.
    """


class UndoRefused(PgsmError, code="SM403", name="PGSM_UNDO_REFUSED"):
    """The upgrade of the instance cannot be undone; the message says why.

    Something has happened since, or what the upgrade did lasts: it asked a running
    effect to stop, sent messages, started or stopped children, ended the instance.
    """


class AmbiguousPath(PgsmError, code="SM404", name="PGSM_AMBIGUOUS_PATH"):
    """Several paths of declared upgrades are the shortest; the detail names them."""


class UpgradeIncomplete(PgsmError, code="SM405", name="PGSM_UPGRADE_INCOMPLETE"):
    """Some instances cannot be upgraded.

    upgrade_all changes nothing then, and the detail has the reasons.
    upgrade_instances stops after the batch in which max_failures was passed; those
    that went are committed, the others are in pgsm.upgrade_failures.
    """


# SM9: faults of pgsm


class BlockUndone(PgsmError, code="SM900", name="PGSM_BLOCK_UNDONE"):
    """A block of actions is rolled back.

    A signal within the database that never leaves it; to see it is a fault of pgsm.
    """


class EngineDamaged(PgsmError, code="SM901", name="PGSM_ENGINE_DAMAGED"):
    """The engine's source in the database is not what was released.

    Raised while deploying.  Deploy from an undamaged installation.
    """
