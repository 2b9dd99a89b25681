-- Revert pgsm:functions/simulate_event from pg

begin;

drop function pgsm.simulate_event;

commit;
