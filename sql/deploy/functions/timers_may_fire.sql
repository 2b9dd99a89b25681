-- Deploy pgsm:functions/timers_may_fire to pg
-- requires: tables/instances
-- requires: tables/machines

begin;
set local role pgsm_owner;

create or replace function pgsm_private.timers_may_fire (instance_id text)
  returns boolean
  language plpgsql
  stable
as $$
#variable_conflict use_column
begin
    return (
        select not exists (
            select
            from pgsm_private.instances as i
            join pgsm_private.machine_versions as v
                on v.machine = i.machine and v.version = i.version
            where i.instance_id = timers_may_fire.instance_id
                and i.status = 'active' and v.paused
        )
    );
end;
$$;

comment on function pgsm_private.timers_may_fire (text) is
    'Whether an active instance''s version is not paused: its timers wait while it is.';

commit;
