-- Deploy pgsm:functions/limit_effects to pg
-- requires: tables/effect_limits
-- requires: functions/notify_runners

begin;
set local role pgsm_owner;

create or replace function pgsm.limit_effects (
    name         text,
    concurrency  integer default null,
    rate         integer default null,
    per          interval default '1 second'
)
  returns void
  language plpgsql
  security definer
  set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    if limit_effects.concurrency <= 0
        or limit_effects.rate <= 0
        or (
            limit_effects.rate is not null
            and coalesce(limit_effects.per, interval '0') <= interval '0'
        )
    then
        raise exception 'a limit of effects must be greater than nothing'
            using errcode = 'SM304',
                hint = 'null is no limit; pause_effects stops a name';
    end if;

    if limit_effects.concurrency is null and limit_effects.rate is null then
        delete from pgsm_private.effect_limits as l where l.name = limit_effects.name;
    else
        insert into pgsm_private.effect_limits (name, concurrency, rate, per)
        values (
            limit_effects.name, limit_effects.concurrency, limit_effects.rate,
            case when limit_effects.rate is not null then limit_effects.per end
        )
        on conflict (name) do update
        set concurrency = excluded.concurrency, rate = excluded.rate, per = excluded.per;
    end if;
    perform pgsm_private.notify_runners();
end;
$$;

comment on function pgsm.limit_effects (text, integer, integer, interval) is $comment$
    Limit a name of effects across all runners: how many run at once, and how many
    are claimed in an interval.

        select pgsm.limit_effects('card.charge', concurrency => 5);
        select pgsm.limit_effects('email.send', rate => 100, per => '1 minute');
        select pgsm.limit_effects('email.send');  -- no limit any more

    Replaces the limits of the name.  A rate is a bucket that holds that many and
    fills evenly: when it was not used they go at once, and in any time t at most
    rate * (1 + t / per) go.  rate => 1, per => '600 milliseconds' spreads the 100
    over the minute.  Each attempt counts, one that is given back, too.
    What exceeds the limit waits and costs the claims nothing; pgsm.effect_names
    shows the limits.

    Returns nothing.  Raises SM304 for a limit that is not positive.
$comment$;

commit;
