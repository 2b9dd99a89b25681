-- Revert pgsm:functions/time_text from pg

begin;

drop function pgsm_private.time_text;

commit;
