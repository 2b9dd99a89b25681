-- Verify pgsm:roles/grants on pg

do $$
begin
    assert not exists (
        select
        from pg_proc as p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        where p.pronamespace in ('pgsm'::regnamespace, 'pgsm_private'::regnamespace,
                'pgsm_engine'::regnamespace)
            and a.grantee = 0
    ), 'a function is executable by public';
    assert has_function_privilege('pgsm_client', 'pgsm.send_event'::regproc, 'execute'),
        'pgsm_client cannot send events';
end;
$$;
