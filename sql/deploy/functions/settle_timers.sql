-- Deploy pgsm:functions/settle_timers to pg
-- requires: tables/timers
-- requires: tables/instances

begin;
set local role pgsm_owner;

create or replace function pgsm_private.settle_timers (instance_id text, status text)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    if settle_timers.status is null and exists (
        select from pgsm_private.instances as i
        where i.instance_id = settle_timers.instance_id
    ) then
        return;  -- locked by another session
    end if;
    update pgsm_private.timers as t
    set status = case settle_timers.status when 'paused' then 'held' else 'undeliverable' end,
        last_error = case when settle_timers.status = 'paused' then t.last_error
            else jsonb_build_object('code', 'SM110', 'message', format(
                'instance "%s" %s', t.instance_id,
                coalesce('is ' || settle_timers.status, 'does not exist')))
        end
    where t.instance_id = settle_timers.instance_id and t.status = 'armed';
end;
$$;

comment on function pgsm_private.settle_timers (text, text) is
    'Timers of an instance that cannot take them: held while it is paused, else undeliverable and visible.';

commit;
