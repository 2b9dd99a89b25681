-- Deploy pgsm:functions/upgrade_batch to pg
-- requires: types/upgrade_turn
-- requires: functions/lock_batch
-- requires: functions/upgrade_set
-- requires: functions/find_version
-- requires: functions/actor
--
-- Lock order: the instances, ascending (skip locked but for the first); then their
-- timers, their effects.

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
    -- version by version: each is in order in the index
    v_ids := pgsm_private.lock_batch(array(
        select r.instance_id
        from pgsm_private.machine_versions as v
        cross join lateral (
            select i.instance_id
            from pgsm_private.instances as i
            where i.machine = v.machine
                and i.version = v.version
                and i.status in ('active', 'paused')
                and i.instance_id > upgrade_batch.after_id
                and (upgrade_batch.instances is null
                    or i.instance_id = any (upgrade_batch.instances))
            order by i.instance_id
            limit upgrade_batch.batch
        ) as r
        where v.machine = v_version.machine and v.version <> v_version.version
        order by r.instance_id
        limit upgrade_batch.batch
    ));
    v_turn.tried := cardinality(v_ids);
    v_turn.upgraded := 0;
    v_turn.failed := 0;
    if v_turn.tried > 0 then
        select s.done, s.failed
        into v_turn.upgraded, v_turn.failed
        from pgsm_private.upgrade_set(v_ids, v_version.version, pgsm_private.actor()) as s;
        v_turn.last_id := v_ids[v_turn.tried];
    end if;
    return v_turn;
end;
$$;

comment on function pgsm.upgrade_batch (text, integer, integer, text, text[]) is $comment$
    Upgrade the next batch of a machine's instances, in this transaction.

        select * from pgsm.upgrade_batch('order', 3, 1000);

    after_id is where the last batch ended.  Those that cannot be upgraded are
    kept in upgrade_failures.  A batch ends before an instance that another transaction
    has locked; the next begins with it, and waits for it.  Returns tried, upgraded,
    failed and last_id; tried is 0 when there are no more.
$comment$;

commit;
