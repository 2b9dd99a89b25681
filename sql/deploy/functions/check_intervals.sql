-- Deploy pgsm:functions/check_intervals to pg
-- requires: functions/due_at

begin;
set local role pgsm_owner;

create or replace function pgsm_private.check_intervals (intervals jsonb, zone text)
  returns jsonb
  language plpgsql
  stable
  set timezone = 'UTC'
as $$
declare
    v_problems  jsonb := '[]';
    v_row       record;
begin
    -- as due_at sets it: timezone() would also take abbreviations such as PST
    perform set_config('timezone', check_intervals.zone, true);
    for v_row in
        select r.path, r.interval
        from jsonb_to_recordset(check_intervals.intervals) as r (path text, interval text)
    loop
        begin
            perform pgsm_private.due_at(
                now(), jsonb_build_object('in', v_row.interval), check_intervals.zone
            );
        exception
            when sqlstate 'SM201' then
                v_problems := v_problems || jsonb_build_object('path', v_row.path,
                    'code', 'bad_delay', 'message', sqlerrm);
        end;
    end loop;
    return v_problems;
exception
    when invalid_parameter_value then
        return jsonb_build_array(jsonb_build_object('path', '$.timeZone',
            'code', 'bad_time_zone',
            'message', format('there is no time zone "%s"', check_intervals.zone)));
end;
$$;

comment on function pgsm_private.check_intervals (jsonb, text) is
    'The problems of a definition''s delays, each tried by Postgres itself.';

commit;
