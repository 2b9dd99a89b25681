-- Revert pgsm:functions/instance_exists from pg

begin;

drop function pgsm_private.instance_exists;

commit;
