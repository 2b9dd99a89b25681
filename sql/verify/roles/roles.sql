-- Verify pgsm:roles/roles on pg

select
    pg_has_role('pgsm_owner', 'usage'), pg_has_role('pgsm_author', 'usage'),
    pg_has_role('pgsm_client', 'usage'), pg_has_role('pgsm_runner', 'usage'),
    pg_has_role('pgsm_scheduler', 'usage'), pg_has_role('pgsm_viewer', 'usage'),
    pg_has_role('pgsm_operator', 'usage'), pg_has_role('pgsm_caller', 'usage');

do $$
begin
    assert not (select rolsuper or rolcanlogin from pg_roles where rolname = 'pgsm_owner'),
        'pgsm_owner must neither be a superuser nor log in';
end;
$$;
