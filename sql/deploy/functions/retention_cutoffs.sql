-- Deploy pgsm:functions/retention_cutoffs to pg
-- requires: tables/retention
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.retention_cutoffs (
    what          text,
    out of_all    timestamptz,
    out of_own    jsonb,
    out latest    timestamptz,
    out archives  jsonb
)
  language plpgsql
  stable
as $$
#variable_conflict use_column
declare
    -- the log, ids and the archive have the real clock's times
    v_now  timestamptz := case
        when retention_cutoffs.what in ('log', 'event_ids', 'archive') then clock_timestamp()
        else pgsm_private.now()
    end;
begin
    select
        coalesce(jsonb_object_agg(r.machine, coalesce(v_now - r.keep, '-infinity'))
            filter (where r.machine <> ''), '{}'),
        coalesce(jsonb_object_agg(r.machine, true) filter (where r.action = 'archive'), '{}'),
        max(v_now - r.keep)
    into of_own, archives, latest
    from pgsm_private.retention as r
    where r.what = retention_cutoffs.what;

    select v_now - r.keep
    into of_all
    from pgsm_private.retention as r
    where r.what = retention_cutoffs.what and r.machine = '';
    if not found and retention_cutoffs.what in ('event_ids', 'preimages') then
        of_all := v_now - interval '30 days';
    end if;
    of_all := coalesce(of_all, '-infinity');
    latest := greatest(of_all, latest);
end;
$$;

comment on function pgsm_private.retention_cutoffs (text) is $comment$
    What is older is to be removed: of_all, but of the machines in of_own; latest of
    them all, '-infinity' where nothing is to be; archives has the machines ('' for all)
    whose instances are archived.
$comment$;

commit;
