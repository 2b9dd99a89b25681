-- Deploy pgsm:types/timer_turn to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create type pgsm.timer_turn as (
    fired    integer,
    failed   integer,
    next_at  timestamptz,
    stopped  boolean,
    noted    integer
);

comment on type pgsm.timer_turn is $comment$
    What one turn of a timer driver did.

        fired, failed  timers applied, and kept with their error
        next_at        when the next armed timer falls due; the past while more wait
        stopped        whether run_timers is asked to return
        noted          begin_timer_turn: of how many instances run_timer_turn is to
                       fire the timers
$comment$;

commit;
