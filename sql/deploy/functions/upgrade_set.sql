-- Deploy pgsm:functions/upgrade_set to pg
-- requires: functions/take_upgrade
-- requires: functions/upgrade_hops
-- requires: functions/record_upgrade_failure
-- requires: functions/is_fatal

begin;
set local role pgsm_owner;

create or replace function pgsm_private.upgrade_set (
    instance_ids  text[],
    version       integer,
    actor         jsonb
)
  returns integer
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_ids       text[] := upgrade_set.instance_ids;
    v_middle    integer := array_length(v_ids, 1) / 2;
    v_id        text;
    v_instance  pgsm_private.instances;
    v_from      integer;
    v_hops      integer[];
    v_done      integer := 0;
begin
    foreach v_id in array v_ids loop
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_id
        for no key update;
        continue when v_instance.status is null
            or v_instance.status not in ('active', 'paused')
            or v_instance.version = upgrade_set.version;
        if v_from is distinct from v_instance.version then
            v_from := v_instance.version;
            v_hops := pgsm_private.upgrade_hops(v_instance.machine, v_from, upgrade_set.version);
        end if;
        perform pgsm_private.take_upgrade(
            v_instance, upgrade_set.version, upgrade_set.actor, v_hops
        );
        v_done := v_done + 1;
    end loop;
    return v_done;
exception
    when others then
        if pgsm_private.is_fatal(sqlstate) then
            raise;
        end if;
        -- halves until the one that cannot go is alone: few subtransactions
        if v_middle > 0 then
            return pgsm_private.upgrade_set(v_ids[:v_middle], upgrade_set.version, upgrade_set.actor)
                + pgsm_private.upgrade_set(v_ids[v_middle + 1:], upgrade_set.version, upgrade_set.actor);
        end if;
        perform pgsm_private.record_upgrade_failure(
            v_instance, upgrade_set.version,
            jsonb_build_object('code', sqlstate, 'message', sqlerrm)
        );
        return 0;
end;
$$;

comment on function pgsm_private.upgrade_set (text[], integer, jsonb) is $comment$
    Upgrade instances, in the order given; one that cannot go is recorded in
    upgrade_failures and does not hold up the others.  Returns how many went.
$comment$;

commit;
