-- Deploy pgsm:functions/claim_effects to pg
-- requires: functions/claim_named_effects
-- requires: functions/effect_heads
-- requires: functions/lock_effect_limits
-- requires: functions/spend_effect_limits
-- requires: functions/sweep_effects
-- requires: tables/effects
-- requires: functions/check_claim
-- requires: functions/see_runner
-- requires: functions/park_effects
-- requires: functions/unpark_effects
-- requires: functions/paused_names
--
-- The sweep comes first: it locks instances, and a claim that held effects
-- already could meet another one that does the same the other way round.  Limits of
-- names are locked next, in their order.

begin;
set local role pgsm_owner;

create or replace function pgsm.claim_effects (
    runner_id    text,
    names        text[],
    max_effects  integer,
    lease        interval default '30 seconds',
    limits       integer[] default null
)
  returns setof pgsm.claimed_effect
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    v_left    integer := claim_effects.max_effects;
    v_rooms   jsonb;
    v_taken   jsonb := '{}';
    v_paused  text[];
    v_head    record;
    v_count   integer;
    v_of      integer;
begin
    perform pgsm_private.check_claim(claim_effects.max_effects, claim_effects.lease);
    perform pgsm_private.sweep_effects(20);
    perform pgsm_private.unpark_effects();
    v_paused := pgsm_private.paused_names(claim_effects.names);

    v_rooms := pgsm_private.lock_effect_limits(claim_effects.names);
    for v_head in
        select h.name, h.priority, h.due_at, least(n.room, (v_rooms ->> h.name)::integer) as room
        from unnest(claim_effects.names, claim_effects.limits) as n (name, room)
        join pgsm_private.effect_heads(array(
            select u.name
            from unnest(claim_effects.names) as u (name)
            where v_rooms ->> u.name is distinct from '0'
        )) as h on h.name = n.name
        order by h.priority desc, h.due_at
    loop
        exit when v_left <= 0;
        v_of := coalesce((v_taken ->> v_head.name)::integer, 0);
        continue when v_of >= v_head.room;
        if v_head.name = any (v_paused) then
            perform pgsm_private.park_effects(v_head.name, v_head.priority, v_head.due_at);
        end if;
        return query
        select c.*
        from pgsm_private.claim_named_effects(
            claim_effects.runner_id, v_head.name, v_head.priority, v_head.due_at,
            least(v_left, v_head.room - v_of), claim_effects.lease
        ) as c;
        get diagnostics v_count = row_count;
        v_left := v_left - v_count;
        v_taken := v_taken || jsonb_build_object(v_head.name, v_of + v_count);
    end loop;

    if v_rooms <> '{}' and v_left < claim_effects.max_effects then
        perform pgsm_private.spend_effect_limits((
            -- a limit that was made meanwhile is not locked: its lock belongs to another claim
            select jsonb_object_agg(t.name, t.number)
            from jsonb_each(v_taken) as t (name, number)
            where v_rooms ->> t.name is not null
        ));
    end if;
    perform pgsm_private.see_runner(
        claim_effects.runner_id, v_left < claim_effects.max_effects
    );
end;
$$;

comment on function pgsm.claim_effects (text, text[], integer, interval, integer[]) is $comment$
    Lease due effects to a runner.

        select * from pgsm.claim_effects('runner-1', '{email.send}', 10);

    Returns at most max_effects of the given names (and at most limits[i] of
    names[i]), by priority and then by due time; no effect is leased to two.
    Each has a lease_token, good until lease_until: extend it by
    heartbeat_effects, end it by complete_effects, fail_effect or
    release_effects.  An effect whose lease has ended is tried again by the next
    claim of anybody.  Paused names (pause_effects), effects of a paused version and
    invokes of a paused instance wait; so do names at their limit (limit_effects),
    and "ordered" ones while an earlier one of their instance and name is not over.

    Raises SM302 in a database that is not the adopted one or has its drivers
    off, SM304 for a negative max_effects or a lease that is not positive.
$comment$;

commit;
