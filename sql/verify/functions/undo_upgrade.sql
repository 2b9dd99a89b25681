-- Verify pgsm:functions/undo_upgrade on pg

select 'pgsm.undo_upgrade'::regproc;
