-- Deploy pgsm:functions/unpark_effects to pg
-- requires: tables/effects
-- requires: tables/machines
--
-- Takes row locks of effects only and waits for none.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.unpark_effects ()
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_end      timestamptz := clock_timestamp() + interval '1 second';
    v_version  record;
    v_count    integer;
begin
    for v_version in
        -- from one version to the next by the index
        with recursive parked as (
            (select e.machine, e.version
            from pgsm_private.effects as e
            where e.parked = 'version' and e.status in ('pending', 'retrying')
            order by e.machine, e.version
            limit 1)
            union all
            select n.machine, n.version
            from parked as p
            cross join lateral (
                select e.machine, e.version
                from pgsm_private.effects as e
                where e.parked = 'version' and e.status in ('pending', 'retrying')
                    and (e.machine, e.version) > (p.machine, p.version)
                order by e.machine, e.version
                limit 1
            ) as n
        )
        select p.machine, p.version
        from parked as p
        where not exists (
            select
            from pgsm_private.machine_versions as v
            where v.machine = p.machine and v.version = p.version and v.paused
        )
    loop
        loop
            update pgsm_private.effects as e
            set parked = null
            from (
                select w.instance_id, w.effect_id
                from pgsm_private.effects as w
                where w.parked = 'version' and w.status in ('pending', 'retrying')
                    and w.machine = v_version.machine and w.version = v_version.version
                order by w.priority desc, w.due_at
                limit 5000
                for update skip locked
            ) as w
            where e.instance_id = w.instance_id and e.effect_id = w.effect_id;
            get diagnostics v_count = row_count;
            exit when v_count < 5000 or clock_timestamp() > v_end;
        end loop;
        exit when clock_timestamp() > v_end;
    end loop;
end;
$$;

comment on function pgsm_private.unpark_effects () is $comment$
    Give those back to the claims that park_effects has put aside, where their version is
    not paused any more: it was resumed, or their instance is of another one by now.  For
    a second at most.
$comment$;

commit;
