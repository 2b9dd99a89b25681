-- Deploy pgsm:functions/prune_instances to pg
-- requires: tables/retention
-- requires: tables/instances
-- requires: tables/timers
-- requires: tables/effects
-- requires: tables/event_log
-- requires: tables/upgrades
-- requires: functions/retention_cutoffs
--
-- Lock order: the instances (skipping those that are locked), their effects.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.remove_instances (instance_ids text[])
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    delete from pgsm_private.effects as e where e.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.event_ids as e where e.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.instance_keys as k where k.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.upgrade_preimages as p
    where p.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.upgrade_failures as f
    where f.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.event_log as l where l.instance_id = any (remove_instances.instance_ids);
    delete from pgsm_private.instances as i where i.instance_id = any (remove_instances.instance_ids);
end;
$$;

comment on function pgsm_private.remove_instances (text[]) is
    'Remove instances that have ended and are locked, with all that is theirs.';

create or replace function pgsm_private.archive_instances (instance_ids text[])
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    insert into pgsm_private.archived_instances (
        instance_id, incarnation, machine, version, status, tenant, finished_at,
        archived_at, instance, keys, log, effects
    )
    select
        i.instance_id, i.incarnation, i.machine, i.version, i.status, i.tenant,
        i.finished_at, clock_timestamp(), to_jsonb(i),
        (select coalesce(jsonb_object_agg(k.name, k.value), '{}')
            from pgsm_private.instance_keys as k where k.instance_id = i.instance_id),
        (select coalesce(jsonb_agg(to_jsonb(l) - 'instance_id' order by l.revision), '[]')
            from pgsm_private.event_log as l where l.instance_id = i.instance_id),
        (select coalesce(jsonb_agg(to_jsonb(e) - 'instance_id' order by e.created_at, e.effect_id), '[]')
            from pgsm_private.effects as e where e.instance_id = i.instance_id)
    from pgsm_private.instances as i
    where i.instance_id = any (archive_instances.instance_ids);
end;
$$;

comment on function pgsm_private.archive_instances (text[]) is
    'Write instances that have ended and are locked into the archive.';

create or replace function pgsm_private.prune_instances (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_ids    text[];
begin
    v_until := pgsm_private.retention_cutoffs('instances');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    v_ids := array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.finished_at < v_until.latest
            and i.finished_at < coalesce((v_until.of_own ->> i.machine)::timestamptz, v_until.of_all)
            and i.status in ('done', 'stopped', 'failed')
            -- what is open is somebody's to resolve
            and not exists (
                select from pgsm_private.timers as t where t.instance_id = i.instance_id
            )
            and not exists (
                select from pgsm_private.effects as e
                where e.instance_id = i.instance_id
                    and (e.status in ('pending', 'retrying', 'running', 'late')
                        or (e.status = 'failed' and coalesce(e.error ->> 'handled', '') <> 'true'))
            )
            -- nor is one removed of whom a relative that goes on knows
            and not exists (
                select from pgsm_private.instances as p
                where p.instance_id = i.parent_id and p.status in ('active', 'paused')
            )
            and not exists (
                select from pgsm_private.instances as c
                where c.parent_id = i.instance_id and c.status in ('active', 'paused')
            )
        order by i.finished_at
        limit prune_instances.batch
        -- all of the row's lock, since it is deleted: nothing is waited for
        for update of i skip locked
    );
    perform pgsm_private.archive_instances(array(
        select i.instance_id
        from pgsm_private.instances as i
        where i.instance_id = any (v_ids)
            and v_until.archives ? case when v_until.of_own ? i.machine then i.machine else '' end
    ));
    perform pgsm_private.remove_instances(v_ids);
    return cardinality(v_ids);
end;
$$;

comment on function pgsm_private.prune_instances (integer) is $comment$
    Archive or delete instances that have ended before their retention; how many.  Not
    those of which something is open (a timer that was not delivered, an effect that
    runs, has failed or came late), and none whose parent or child is not over.
$comment$;

create or replace function pgsm_private.prune_tombstones (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_gone  bigint;
begin
    delete from pgsm_private.instances as i
    using (
        select o.instance_id
        from pgsm_private.instances as o
        where o.finished_at is not null
            and o.status = 'deleted'
            and not exists (
                select from pgsm_private.event_log as l where l.instance_id = o.instance_id
            )
            and not exists (
                select from pgsm_private.effects as e where e.instance_id = o.instance_id
            )
        limit prune_tombstones.batch
        for update of o skip locked
    ) as o
    where i.instance_id = o.instance_id;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_tombstones (integer) is
    'Remove what is left of deleted instances whose history is gone; how many.';

create or replace function pgsm_private.prune_archive (batch integer)
  returns bigint
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_gone   bigint;
begin
    v_until := pgsm_private.retention_cutoffs('archive');
    if v_until.latest = '-infinity' then
        return 0;
    end if;
    delete from pgsm_private.archived_instances as a
    using (
        select o.instance_id, o.incarnation
        from pgsm_private.archived_instances as o
        where o.archived_at < v_until.latest
            and o.archived_at < coalesce(
                (v_until.of_own ->> o.machine)::timestamptz, v_until.of_all)
        limit prune_archive.batch
        for update of o skip locked
    ) as o
    where a.instance_id = o.instance_id and a.incarnation = o.incarnation;
    get diagnostics v_gone = row_count;
    return v_gone;
end;
$$;

comment on function pgsm_private.prune_archive (integer) is
    'Remove archived instances that are older than their retention; how many.';

commit;
