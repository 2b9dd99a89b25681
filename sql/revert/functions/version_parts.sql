-- Revert pgsm:functions/version_parts from pg

begin;

drop function pgsm_private.version_parts;

commit;
