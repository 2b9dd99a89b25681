-- Deploy pgsm:functions/keep_deferred to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.keep_deferred (
    instance_id  text,
    snapshot     pgsm.snapshot,
    clock        timestamptz,
    event        text,
    data         jsonb,
    facts        jsonb,
    actor        jsonb
)
  returns pgsm.snapshot
  language plpgsql
as $$
#variable_conflict use_column
begin
    if exists (
        select
        from pgsm_private.timers as t
        where t.instance_id = keep_deferred.instance_id and t.status = 'deferred'
        offset 999
    ) then
        raise exception 'instance "%" has 1000 deferred events', keep_deferred.instance_id
            using errcode = 'SM117',
            hint = 'they wait for a change of its states; cancel_timer drops one';
    end if;
    insert into pgsm_private.timers (
        instance_id, timer_id, kind, event, data, actor, status, due_at, armed_at
    )
    values (
        keep_deferred.instance_id,
        'deferred/' || (keep_deferred.snapshot).revision,
        'message',
        keep_deferred.event,
        coalesce(keep_deferred.facts, '{}') || jsonb_build_object('data', keep_deferred.data),
        keep_deferred.actor,
        'deferred',
        keep_deferred.clock,
        keep_deferred.clock
    );
    return keep_deferred.snapshot;
end;
$$;

comment on function pgsm_private.keep_deferred (
    text, pgsm.snapshot, timestamptz, text, jsonb, jsonb, jsonb
) is 'Keep an event that came too early, to be offered again once the configuration has changed.';

commit;
