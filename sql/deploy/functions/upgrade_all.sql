-- Deploy pgsm:functions/upgrade_all to pg
-- requires: functions/upgrade_set
-- requires: functions/check_filter
-- requires: functions/passes_filter
-- requires: functions/find_version
-- requires: functions/actor
--
-- Lock order: the instances, ascending; then their timers, their effects.

begin;
set local role pgsm_owner;

create or replace function pgsm.upgrade_all (
    machine    text,
    version    integer,
    filter     jsonb default '{}',
    instances  text[] default null
)
  returns bigint
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version  pgsm_private.machine_versions;
    v_ids      text[];
    v_done     bigint;
    v_failed   bigint;
begin
    perform pgsm_private.check_filter(upgrade_all.filter);
    v_version := pgsm_private.find_version(upgrade_all.machine, upgrade_all.version);
    v_ids := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.machine = v_version.machine
            and i.version <> v_version.version
            and i.status in ('active', 'paused')
            and (upgrade_all.instances is null or i.instance_id = any (upgrade_all.instances))
            and pgsm_private.passes_filter(i, upgrade_all.filter)
        order by i.instance_id
    );
    if v_ids = '{}' then
        return 0;
    end if;
    perform
    from pgsm_private.instances as i
    where i.instance_id = any (v_ids)
    order by i.instance_id collate "C"
    for no key update;
    select s.done, s.failed
    into v_done, v_failed
    from pgsm_private.upgrade_set(v_ids, v_version.version, pgsm_private.actor()) as s;
    if v_failed > 0 then
        raise exception '% of % instances of machine "%" cannot go to version %',
            v_failed, cardinality(v_ids), v_version.machine, v_version.version
            using errcode = 'SM405',
            detail = (
                select string_agg(f.message, E'\n')
                from (
                    select f.error ->> 'message' as message
                    from pgsm_private.upgrade_failures as f
                    where f.instance_id = any (v_ids) and f.to_version = v_version.version
                    order by f.instance_id
                    limit 20
                ) as f
            ),
            hint = 'nothing has changed; upgrade_instances goes on with the others';
    end if;
    return v_done;
end;
$$;

comment on function pgsm.upgrade_all (text, integer, jsonb, text[]) is $comment$
    Upgrade all running instances of a machine to a version, or those that a filter
    names, in this transaction: all, or none.

        select pgsm.upgrade_all('order', 3, filter => '{"states": ["offered"]}');

    For a deploy script, which changes tables and rows as well.  filter has any of
    version (a number or a list), states (any of which is active), tenant, keys and
    context (each contained).  Returns how many went.  Raises SM002, SM003, SM115,
    SM405 with the reasons of the first twenty that cannot go.
$comment$;

commit;
