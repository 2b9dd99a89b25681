-- Deploy pgsm:functions/prune to pg
-- requires: functions/prune_event_ids
-- requires: functions/prune_effects
-- requires: functions/prune_timers
-- requires: functions/prune_preimages
-- requires: functions/prune_instances
-- requires: functions/drop_log_partition

begin;
set local role pgsm_owner;

create or replace function pgsm.prune (what text, batch integer default 1000)
  returns bigint
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_until  record;
    v_month  text;
begin
    if coalesce(prune.batch, 0) < 1 then
        raise exception 'a batch is at least 1' using errcode = 'SM121';
    end if;
    case prune.what
        when 'event_ids' then return pgsm_private.prune_event_ids(prune.batch);
        when 'effects' then return pgsm_private.prune_effects(prune.batch);
        when 'timers' then return pgsm_private.prune_timers(prune.batch);
        when 'preimages' then return pgsm_private.prune_preimages(prune.batch);
        when 'instances' then return pgsm_private.prune_instances(prune.batch);
        when 'archive' then return pgsm_private.prune_archive(prune.batch);
        when 'tombstones' then return pgsm_private.prune_tombstones(prune.batch);
        when 'log' then
            v_until := pgsm_private.retention_cutoffs('log');
            v_month := pgsm.drop_log_partition(v_until.latest);
            return case when v_month is distinct from '' then (v_month is not null)::integer end;
        else
            raise exception 'nothing is called "%" that may be kept for a time', prune.what
                using errcode = 'SM121',
                hint = 'log, event_ids, effects, timers, preimages, instances, archive or tombstones';
    end case;
end;
$$;

comment on function pgsm.prune (text, integer) is $comment$
    Remove one batch of what is older than its retention; run_retention calls it, and
    commits, till nothing is left.

        select pgsm.prune('effects', 1000);

    what is as in set_retention, or tombstones: what is left of deleted instances whose
    history is gone.  For log a batch is a month.  Rows that others have locked wait for
    the next call.  Returns how many were removed, null where a month was not to be had
    just now.  Raises SM121.
$comment$;

commit;
