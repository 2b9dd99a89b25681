-- Deploy pgsm:functions/end_timers to pg
-- requires: tables/timers

begin;
set local role pgsm_owner;

create or replace function pgsm_private.end_timers (instance_id text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.timers as t
    where t.instance_id = end_timers.instance_id and t.kind in ('after', 'send');

    update pgsm_private.timers as t
    set status = 'undeliverable', last_error = jsonb_build_object(
        'code', 'SM110', 'message', 'the instance ended before it took the event')
    where t.instance_id = end_timers.instance_id and t.status = 'deferred';
end;
$$;

comment on function pgsm_private.end_timers (text) is
    'An ended instance''s own timers are gone; what it deferred, and what others sent to it, stays visible.';

commit;
