-- Verify pgsm:functions/tell_senders on pg

select 'pgsm_private.tell_senders'::regproc;
