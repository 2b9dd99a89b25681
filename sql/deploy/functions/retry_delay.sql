-- Deploy pgsm:functions/retry_delay to pg
-- requires: functions/effect_interval

begin;
set local role pgsm_owner;

create or replace function pgsm_private.retry_delay (policy jsonb, attempt integer)
  returns interval
  language plpgsql
  volatile
as $$
#variable_conflict use_column
declare
    v_retry    jsonb := retry_delay.policy -> 'retry';
    v_first    interval := pgsm_private.effect_interval(v_retry -> 'backoff', '2 seconds');
    v_longest  interval := pgsm_private.effect_interval(v_retry -> 'max', '15 minutes');
    v_factor   double precision;
    v_jitter   double precision;
    v_seconds  double precision;
begin
    -- a factor of 3 spreads ten attempts over about an hour
    v_factor := least(coalesce((v_retry ->> 'factor')::double precision, 3), 100);
    v_jitter := least(coalesce((v_retry ->> 'jitter')::double precision, 0.1), 1);
    v_seconds := least(
        extract(epoch from v_first) * power(v_factor, least(retry_delay.attempt - 1, 100)),
        extract(epoch from v_longest)
    );
    return make_interval(secs => v_seconds * (1 - v_jitter * random()));
exception
    -- a policy that cannot be read must not keep an effect from failing
    when data_exception then
        return v_longest;
end;
$$;

comment on function pgsm_private.retry_delay (jsonb, integer) is $comment$
    How long an effect waits after a failed attempt: backoff times factor for
    each attempt before, at most max, shortened by up to jitter (0 to 1) at
    random.  Defaults: 2 seconds, 3, 15 minutes, 0.1.
$comment$;

commit;
