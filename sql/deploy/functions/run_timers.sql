-- Deploy pgsm:functions/run_timers to pg
-- requires: functions/begin_timer_turn
-- requires: functions/run_timer_turn

begin;
set local role pgsm_owner;

-- Commits between turns, so it is neither security definer nor has a set clause:
-- everything is qualified, operators and types too, and no table is touched here.
create or replace procedure pgsm.run_timers (duration interval default null)
  language plpgsql
as $$
declare
    v_driver  pg_catalog.text := pg_catalog.concat('cron/', pg_catalog.pg_backend_pid());
    v_end     pg_catalog.timestamptz;
    v_turn    pgsm.timer_turn;
    v_busy    pg_catalog.timestamptz;
begin
    -- Without a duration until the next minute's call is under way.  A pg_cron that
    -- starts no job while one runs (1.4 with background workers) does so at the end.
    v_end := coalesce(
        pg_catalog.clock_timestamp() operator(pg_catalog.+) duration,
        pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp())
            operator(pg_catalog.+) interval '62 seconds'
    );
    loop
        v_turn := pgsm.begin_timer_turn(v_driver, 'cron');
        commit;
        exit when v_turn.stopped;
        if v_turn.noted operator(pg_catalog.>) 0 then
            v_turn := pgsm.run_timer_turn(v_driver);
            commit;
        end if;
        -- not between the two: a note that is left is a dead turn's
        exit when pg_catalog.clock_timestamp() operator(pg_catalog.>=) v_end;
        -- a conversation between instances goes on quickly: after a timer has
        -- fired it looks every hundredth of a second for a second
        if v_turn.fired operator(pg_catalog.>) 0 then
            v_busy := pg_catalog.clock_timestamp() operator(pg_catalog.+) interval '1 second';
        else
            perform pg_catalog.pg_sleep(
                case
                    when v_busy operator(pg_catalog.>) pg_catalog.clock_timestamp() then 0.01
                    when v_turn.next_at operator(pg_catalog.<)
                        (pg_catalog.clock_timestamp() operator(pg_catalog.+) interval '0.1 seconds')
                    then 0.02
                    else 0.1
                end
            );
        end if;
    end loop;
    perform pgsm.end_timer_turn(v_driver);
    commit;
end;
$$;

comment on procedure pgsm.run_timers (interval) is $comment$
    Fire timers for a while: what the pg_cron job calls each minute.

        call pgsm.run_timers('10 seconds');

    Looks every tenth of a second (more often after something has fired), commits
    before and after each turn, and returns at the end of the duration (by default
    two seconds into the next minute, when pg_cron has begun the next loop), or when
    stop_timers(true) asks it to.  Several sessions may call it at once.
$comment$;

commit;
