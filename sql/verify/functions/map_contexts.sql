-- Verify pgsm:functions/map_contexts on pg

select 'pgsm_private.map_contexts'::regproc;
