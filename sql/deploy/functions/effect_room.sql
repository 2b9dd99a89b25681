-- Deploy pgsm:functions/effect_room to pg
-- requires: tables/effects
-- requires: tables/effect_limits
-- requires: functions/effect_cost
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_room (limits pgsm_private.effect_limits)
  returns integer
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
    v_limits   pgsm_private.effect_limits := effect_room.limits;
    v_now      timestamptz := pgsm_private.now();
    v_cost     interval;
    v_running  integer;
    v_rated    integer;
begin
    if v_limits.concurrency is not null then
        select count(*)
        into v_running
        from (
            select
            from pgsm_private.effects as e
            where e.name = v_limits.name
                and e.status = 'running'
                -- whose lease ended before has lost its place; and with an old
                -- snapshot the index holds all that ever ran
                and e.lease_until > v_now - interval '1 minute'
            limit v_limits.concurrency
        ) as r;
    end if;
    if v_limits.rate is not null then
        v_cost := pgsm_private.effect_cost(v_limits.rate, v_limits.per);
        v_rated := floor(
            extract(epoch from v_now
                - greatest(v_limits.spent_until, v_now - v_limits.rate * v_cost))
            / extract(epoch from v_cost)
        );
    end if;
    return greatest(0, least(v_limits.concurrency - v_running, v_rated));
end;
$$;

comment on function pgsm_private.effect_room (pgsm_private.effect_limits) is $comment$
    How many more effects of a limited name may be claimed now.  Exact while the
    caller holds the limit's row lock.
$comment$;

commit;
