-- Revert pgsm:functions/start_child from pg

begin;

drop function pgsm_private.start_child;

commit;
