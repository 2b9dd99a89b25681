-- Revert pgsm:functions/describe_instance from pg

begin;

drop function pgsm_private.describe_instance;

commit;
