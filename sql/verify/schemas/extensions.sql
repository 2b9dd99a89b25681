-- Verify pgsm:schemas/extensions on pg

select 1 / count(*) from pg_language where lanname = 'plpython3u';
