-- Revert pgsm:functions/set_state from pg

begin;

drop function pgsm.set_state;

commit;
