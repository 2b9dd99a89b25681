-- Verify pgsm:functions/room_opens_at on pg

select 'pgsm_private.room_opens_at'::regproc;
