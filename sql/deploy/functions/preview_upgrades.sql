-- Deploy pgsm:functions/preview_upgrades to pg
-- requires: functions/preview_instance
-- requires: functions/find_version
-- requires: functions/actor

begin;
set local role pgsm_owner;

create or replace function pgsm.preview_upgrades (
    machine        text,
    version        integer,
    max_instances  integer default 100
)
  returns setof pgsm.upgrade_preview
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_version   pgsm_private.machine_versions;
    v_id        text;
    v_instance  pgsm_private.instances;
begin
    v_version := pgsm_private.find_version(preview_upgrades.machine, preview_upgrades.version);
    -- some of each configuration, not the first ones of all
    foreach v_id in array array(
        select r.instance_id
        from (
            select
                i.instance_id,
                row_number() over (partition by i.version, i.states order by i.instance_id) as number
            from pgsm_private.instances as i
            where i.machine = v_version.machine and i.version <> v_version.version
                and i.status in ('active', 'paused')
        ) as r
        order by r.number, r.instance_id
        limit preview_upgrades.max_instances
    ) loop
        select i.* into v_instance
        from pgsm_private.instances as i
        where i.instance_id = v_id and i.version <> v_version.version
            and i.status in ('active', 'paused')
        for no key update skip locked;
        if found then
            return next pgsm_private.preview_instance(
                v_instance, v_version.version, pgsm_private.actor()
            );
        end if;
    end loop;
end;
$$;

comment on function pgsm.preview_upgrades (text, integer, integer) is $comment$
    What the upgrade would do to a sample of a machine's running instances, in equal
    parts of each configuration: each is really upgraded, and rolled back.

        select * from pgsm.preview_upgrades('order', 2, 500) where code is not null;

    Returns a row an instance, as preview_upgrade does.
    Instances that another transaction has locked are passed over.  Those that are
    previewed stay locked until the transaction ends.  Raises SM002, SM003.
$comment$;

commit;
