-- Revert pgsm:functions/preview_instance from pg

begin;

drop function pgsm_private.preview_instance;

commit;
