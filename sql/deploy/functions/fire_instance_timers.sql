-- Deploy pgsm:functions/fire_instance_timers to pg
-- requires: functions/fire_next_timer

begin;
set local role pgsm_owner;

create or replace function pgsm_private.fire_instance_timers (
    instance_id  text,
    most         integer,
    out fired    integer,
    out failed   integer
)
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_outcome  text;
begin
    fired := 0;
    failed := 0;
    while fired + failed < fire_instance_timers.most loop
        v_outcome := pgsm_private.fire_next_timer(fire_instance_timers.instance_id);
        exit when v_outcome = 'none';
        fired := fired + (v_outcome = 'fired')::integer;
        failed := failed + (v_outcome = 'failed')::integer;
        exit when not exists (
            select
            from pgsm_private.timers as t
            where t.instance_id = fire_instance_timers.instance_id
                and t.status = 'armed' and t.due_at <= pgsm_private.now()
        );
    end loop;
end;
$$;

comment on function pgsm_private.fire_instance_timers (text, integer) is $comment$
    Fire an instance's due timers, oldest first, until none is due or most have
    been tried.  An instance that another session has locked is left to it.
$comment$;

commit;
