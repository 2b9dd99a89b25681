-- Revert pgsm:functions/end_state_work from pg

begin;

drop function pgsm_private.end_state_work;

commit;
