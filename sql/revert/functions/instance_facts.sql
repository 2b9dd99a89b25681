-- Revert pgsm:functions/instance_facts from pg

begin;

drop function pgsm_private.instance_facts;

commit;
