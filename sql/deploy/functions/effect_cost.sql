-- Deploy pgsm:functions/effect_cost to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.effect_cost (rate integer, per interval)
  returns interval
  language sql
  immutable
begin atomic
    -- rounded up, so that the rate is never exceeded
    select pg_catalog.ceil(extract(epoch from effect_cost.per) * 1000000 / effect_cost.rate)
        * interval '1 microsecond';
end;

comment on function pgsm_private.effect_cost (integer, interval) is
    'How much time a claimed effect takes from its name''s rate.';

commit;
