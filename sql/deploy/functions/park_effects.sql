-- Deploy pgsm:functions/park_effects to pg
-- requires: tables/effects
-- requires: tables/machines
-- requires: functions/now
--
-- Takes row locks of effects only and waits for none.

begin;
set local role pgsm_owner;

create or replace function pgsm_private.park_effects (
    name      text,
    priority  integer,
    due_at    timestamptz
)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now    timestamptz := pgsm_private.now();
    v_end    timestamptz := clock_timestamp() + interval '1 second';
    -- a look at a few first: as a rule none of them is to be parked
    v_front  integer := 100;
begin
    loop
        with front as materialized (
            select e.instance_id, e.effect_id, e.machine, e.version
            from pgsm_private.effects as e
            where e.name = park_effects.name
                and e.priority = park_effects.priority
                and e.status in ('pending', 'retrying')
                and not e.held_back
                and e.parked is null
                and e.due_at between park_effects.due_at and v_now
            order by e.due_at
            limit v_front
        ),
        picked as materialized (
            select e.instance_id, e.effect_id
            from front as f
            join pgsm_private.machine_versions as v
                on v.machine = f.machine and v.version = f.version and v.paused
            join pgsm_private.effects as e
                on e.instance_id = f.instance_id and e.effect_id = f.effect_id
            where e.status in ('pending', 'retrying')
            for update of e skip locked
        )
        update pgsm_private.effects as e
        set parked = 'version'
        from picked as p
        where e.instance_id = p.instance_id and e.effect_id = p.effect_id;
        exit when not found or clock_timestamp() > v_end;
        v_front := 5000;
    end loop;
end;
$$;

comment on function pgsm_private.park_effects (text, integer, timestamptz) is $comment$
    Put those at the front of a queue aside whose version is paused, so that no claim
    walks over them again until unpark_effects; for a second at most.  due_at is the
    first one's.
$comment$;

commit;
