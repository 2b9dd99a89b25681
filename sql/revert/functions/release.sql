-- Revert pgsm:functions/release from pg

begin;

drop function pgsm.release;

commit;
