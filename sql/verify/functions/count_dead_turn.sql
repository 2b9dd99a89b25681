-- Verify pgsm:functions/count_dead_turn on pg

select 'pgsm_private.count_dead_turn'::regproc;
