-- Revert pgsm:functions/room_opens_at from pg

begin;

drop function pgsm_private.room_opens_at;

commit;
