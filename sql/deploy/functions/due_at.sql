-- Deploy pgsm:functions/due_at to pg
-- requires: functions/now

begin;
set local role pgsm_owner;

create or replace function pgsm_private.due_at (clock timestamptz, due jsonb, zone text)
  returns timestamptz
  language plpgsql
  stable
  -- a document means the same whatever the session's settings are
  set intervalstyle = 'postgres'
  set datestyle = 'ISO, YMD'
  set timezone = 'UTC'
as $$
declare
    v_zone  text := coalesce(due_at.zone, 'UTC');
    v_step  interval;
    v_due   timestamptz;
begin
    if due_at.due ? 'at' then
        return greatest((due_at.due ->> 'at')::timestamptz, due_at.clock);
    end if;
    v_step := (due_at.due ->> 'in')::interval;
    v_due := ((due_at.clock at time zone v_zone) + v_step) at time zone v_zone;
    if v_due < due_at.clock then
        raise exception 'a delay may not be negative, but is "%"', due_at.due ->> 'in'
            using errcode = 'SM201';
    end if;
    return v_due;
exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow
        or invalid_parameter_value or invalid_text_representation
    then
        raise exception '"%" is no delay', coalesce(due_at.due ->> 'in', due_at.due ->> 'at')
            using errcode = 'SM201', detail = sqlerrm,
            hint = 'use milliseconds, an interval such as "10 minutes", or {"at": a point in time}';
end;
$$;

comment on function pgsm_private.due_at (timestamptz, jsonb, text) is $comment$
    When a timer falls due: {"in": interval} from the clock, by the calendar of
    the zone (a day is a day across daylight saving), or {"at": time}, where the
    past is now.  Raises SM201 for what is no delay, or a negative one.
$comment$;

commit;
