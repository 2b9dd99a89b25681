-- Deploy pgsm:functions/spend_effect_limits to pg
-- requires: functions/effect_room
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.spend_effect_limits (claimed jsonb)
  returns void
  language plpgsql
as $$
#variable_conflict use_column
begin
    -- written without a rate, too: a claim of an older snapshot then fails (40001)
    -- at its lock, where it would count wrongly
    update pgsm_private.effect_limits as l
    set spent_until = case
            when l.rate is null then l.spent_until
            else greatest(
                l.spent_until,
                pgsm_private.now() - l.rate * pgsm_private.effect_cost(l.rate, l.per)
            ) + c.number::integer * pgsm_private.effect_cost(l.rate, l.per)
        end
    from jsonb_each_text(spend_effect_limits.claimed) as c (name, number)
    where l.name = c.name;
end;
$$;

comment on function pgsm_private.spend_effect_limits (jsonb) is
    'Take what was claimed, {name: number}, from the limits of the names, which the caller has locked.';

commit;
