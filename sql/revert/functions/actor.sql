-- Revert pgsm:functions/actor from pg

begin;

drop function pgsm_private.actor;

commit;
