-- Revert pgsm:functions/end_for_good from pg

begin;

drop function pgsm_private.end_for_good;

commit;
