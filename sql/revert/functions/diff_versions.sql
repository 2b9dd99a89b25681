-- Revert pgsm:functions/diff_versions from pg

begin;

drop function pgsm.diff_versions;

commit;
