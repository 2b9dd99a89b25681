-- Deploy pgsm:functions/check_claim to pg
-- requires: schemas/schemas
-- requires: functions/drivers_may_run

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_claim (max_effects integer, lease interval)
  returns void
  language plpgsql
  stable
as $$
begin
    if not pgsm_private.drivers_may_run() then
        raise exception 'effects are not claimed in this database'
            using errcode = 'SM302',
                detail = 'It is a copy that was not adopted, or pgsm.drivers is off.',
                hint = 'If it is meant to act on the outside world, an operator'
                    ' calls pgsm.adopt_database().';
    elsif check_claim.max_effects is null or check_claim.max_effects < 0 then
        raise exception 'max_effects must not be negative or null'
            using errcode = 'SM304';
    elsif check_claim.lease is null or check_claim.lease <= interval '0' then
        raise exception 'a lease must be longer than nothing'
            using errcode = 'SM304';
    end if;
end;
$$;

comment on function pgsm_private.check_claim (integer, interval) is
    'Refuse a claim that may not or cannot be made: SM302, SM304.';

commit;
