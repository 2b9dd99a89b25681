-- Deploy pgsm:functions/bury_turns to pg
-- requires: tables/timer_drivers
-- requires: functions/count_dead_turn

begin;
set local role pgsm_owner;

create or replace function pgsm_private.bury_turns (driver_id text)
  returns text[]
  language plpgsql
as $$
#variable_conflict use_column
declare
    v_now       timestamptz := clock_timestamp();
    v_dead      pgsm_private.timer_drivers;
    v_suspects  text[] := '{}';
begin
    for v_dead in
        select d.*
        from pgsm_private.timer_drivers as d
        where (d.noted <> '{}' or d.suspects <> '{}')
            and (
                d.driver_id = bury_turns.driver_id
                or coalesce(d.noted_at, d.seen_at) < v_now - interval '10 seconds'
                -- a turn is on for a second; to look at all sessions costs something
                or (
                    d.noted_at < v_now - interval '1 second'
                    and not exists (select from pg_stat_activity as a where a.pid = d.pid)
                )
            )
        -- a turn that is on holds the lock of its note
        for update skip locked
    loop
        if cardinality(v_dead.noted) > 1 then
            v_suspects := v_suspects || v_dead.noted;
        elsif v_dead.noted <> '{}' then
            continue when not pgsm_private.count_dead_turn(v_dead.noted[1]);
        end if;
        v_suspects := v_suspects || v_dead.suspects;
        update pgsm_private.timer_drivers as d
        set noted = '{}', suspects = '{}'
        where d.driver_id = v_dead.driver_id;
    end loop;
    return v_suspects;
end;
$$;

comment on function pgsm_private.bury_turns (text) is $comment$
    Take over the turns that ended without a result: where one was of a single instance,
    that is an attempt of its first due timer; the instances of others are returned,
    to be fired one a turn.

    Lock order: drivers (skip locked), the instance (skip locked), its timers.
$comment$;

commit;
