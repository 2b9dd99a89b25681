-- Deploy pgsm:types/upgrade_preview to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create type pgsm.upgrade_preview as (
    instance_id   text,
    from_version  integer,
    to_version    integer,
    code          text,
    message       text,
    before        jsonb,
    after         jsonb,
    changes       jsonb
);

comment on type pgsm.upgrade_preview is $comment$
    What an upgrade would do to one instance.

        code, message   the error with which it fails; null where it does not
        before, after   {"status", "value", "timers", "effects"}
        changes         the parts of the context that differ:
                        {"path": {"before": …, "after": …}}
$comment$;

commit;
