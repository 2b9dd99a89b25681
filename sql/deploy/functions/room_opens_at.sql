-- Deploy pgsm:functions/room_opens_at to pg
-- requires: tables/effect_limits
-- requires: functions/effect_cost

begin;
set local role pgsm_owner;

create or replace function pgsm_private.room_opens_at (limits pgsm_private.effect_limits)
  returns timestamptz
  language sql
  immutable
begin atomic
    select (room_opens_at.limits).spent_until
        + pgsm_private.effect_cost((room_opens_at.limits).rate, (room_opens_at.limits).per);
end;

comment on function pgsm_private.room_opens_at (pgsm_private.effect_limits) is
    'From when on a name''s rate lets one more be claimed; null where it has none.';

commit;
