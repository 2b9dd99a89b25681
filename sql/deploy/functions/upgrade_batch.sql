-- Deploy pgsm:functions/upgrade_batch to pg
-- requires: types/upgrade_turn
-- requires: functions/upgrade_set
-- requires: functions/find_version
-- requires: functions/actor

begin;
set local role pgsm_owner;

create or replace function pgsm.upgrade_batch (
    machine    text,
    version    integer,
    batch      integer,
    after_id   text default '',
    instances  text[] default null
)
  returns pgsm.upgrade_turn
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_turn     pgsm.upgrade_turn;
    v_version  pgsm_private.machine_versions;
    v_ids      text[];
begin
    v_version := pgsm_private.find_version(upgrade_batch.machine, upgrade_batch.version);
    -- in ascending order, the one in which every set function locks
    v_ids := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.machine = v_version.machine
            and i.version <> v_version.version
            and i.status in ('active', 'paused')
            and i.instance_id > upgrade_batch.after_id
            and (upgrade_batch.instances is null
                or i.instance_id = any (upgrade_batch.instances))
        order by i.instance_id
        limit upgrade_batch.batch
    );
    v_turn.tried := cardinality(v_ids);
    v_turn.upgraded := 0;
    v_turn.failed := 0;
    if v_turn.tried > 0 then
        v_turn.upgraded := pgsm_private.upgrade_set(
            v_ids, v_version.version, pgsm_private.actor()
        );
        v_turn.failed := (
            select count(*)
            from pgsm_private.upgrade_failures as f
            where f.instance_id = any (v_ids) and f.to_version = v_version.version
        );
        v_turn.last_id := v_ids[v_turn.tried];
    end if;
    return v_turn;
end;
$$;

comment on function pgsm.upgrade_batch (text, integer, integer, text, text[]) is $comment$
    Upgrade the next batch of a machine's instances, in this transaction.

        select * from pgsm.upgrade_batch('order', 3, 1000);

    after_id is where the last batch ended.  Those that cannot be upgraded are
    kept in upgrade_failures.  Returns tried, upgraded, failed and last_id.
$comment$;

commit;
