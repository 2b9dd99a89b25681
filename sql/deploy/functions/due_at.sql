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
    v_due  timestamptz;
begin
    -- the settings above end with the function, so this does too: Postgres counts
    -- days and months by the calendar of TimeZone, hours and less by the clock
    if due_at.zone <> 'UTC' then
        perform set_config('timezone', due_at.zone, true);
    end if;
    if due_at.due ? 'at' then
        -- Postgres would read "tomorrow", by a clock of its own, "infinity", and zones
        -- by names that its settings define
        if due_at.due ->> 'at' !~ concat('^\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?',
            '\s*(Z|[+-]\d\d(:?\d\d)?)?\s*$')
        then
            raise exception 'a point in time is an ISO 8601 text'
                using errcode = 'invalid_datetime_format';
        end if;
        v_due := greatest((due_at.due ->> 'at')::timestamptz, due_at.clock);
    else
        v_due := due_at.clock + (due_at.due ->> 'in')::interval;
        if v_due < due_at.clock then
            raise exception 'a delay may not be negative, but is "%"', due_at.due ->> 'in'
                using errcode = 'SM201';
        end if;
    end if;
    if v_due >= '10000-01-01' then
        raise exception 'it ends after the year 9999'
            using errcode = 'datetime_field_overflow';
    end if;
    return v_due;
exception
    when invalid_datetime_format or datetime_field_overflow or interval_field_overflow
        or invalid_parameter_value or invalid_text_representation
        or invalid_time_zone_displacement_value
    then
        raise exception '"%" is no delay', coalesce(due_at.due ->> 'in', due_at.due ->> 'at')
            using errcode = 'SM201', detail = sqlerrm,
            hint = 'use milliseconds, an interval such as "10 minutes", or {"at": a point in time}';
end;
$$;

comment on function pgsm_private.due_at (timestamptz, jsonb, text) is $comment$
    When a timer falls due: {"in": interval} from the clock, by the calendar of
    the zone (a day is a day across daylight saving, 24 hours are 24 hours), or
    {"at": time}, where the past is now and a time without an offset is the
    zone's.  Raises SM201 for what is no delay, a negative one, or one that ends
    after the year 9999.
$comment$;

commit;
