-- Deploy pgsm:functions/answer_is_late to pg
-- requires: tables/effects

begin;
set local role pgsm_owner;

create or replace function pgsm_private.answer_is_late (
    effect           pgsm_private.effects,
    instance_status  text
)
  returns boolean
  language sql
  immutable
begin atomic
    select (answer_is_late.effect).cancel_requested
        or (
            (answer_is_late.effect).kind = 'invoke'
            and coalesce(answer_is_late.instance_status not in ('active', 'paused'), true)
        );
end;

comment on function pgsm_private.answer_is_late (pgsm_private.effects, text) is $comment$
    Whether nobody waits for a running effect's answer any more: its state was
    left, or its instance has ended or is gone (status null).
$comment$;

commit;
