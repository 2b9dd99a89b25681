-- Deploy pgsm:roles/roles to pg
--
-- Roles belong to the cluster, not to the database: two pgsm databases share
-- them, so they are made only where they are missing and revert drops none.

begin;

do $$
declare
    v_role  text;
begin
    foreach v_role in array array[
        'pgsm_owner', 'pgsm_author', 'pgsm_client', 'pgsm_runner',
        'pgsm_scheduler', 'pgsm_viewer', 'pgsm_operator', 'pgsm_caller'
    ]
    loop
        begin
            execute format('create role %I', v_role);
        exception
            -- unique_violation: another database's deploy made it just now
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end;
$$;

-- pg_cron connects as the scheduler.  Its statement timeout covers the whole
-- CALL of run_timers, so it stands above the loop's longest duration; a call that
-- hangs costs the others no more than that.  One that waits for a lock gives up
-- before, and its instance waits (55P03).
alter role pgsm_scheduler login;
alter role pgsm_scheduler set statement_timeout = '3min';
alter role pgsm_scheduler set lock_timeout = '10s';

comment on role pgsm_owner is 'pgsm: owns the objects; cannot log in';
comment on role pgsm_author is 'pgsm: defines machines and upgrades';
comment on role pgsm_client is 'pgsm: starts instances, sends events, reads';
comment on role pgsm_runner is 'pgsm: claims and completes effects';
comment on role pgsm_scheduler is 'pgsm: fires timers under pg_cron; driver functions only';
comment on role pgsm_viewer is 'pgsm: reads the views';
comment on role pgsm_operator is 'pgsm: pauses, resumes, retries, cancels, repairs';
comment on role pgsm_caller is 'pgsm: what user SQL (calls, guards, context maps) runs as; grant it what machines may do';

commit;
