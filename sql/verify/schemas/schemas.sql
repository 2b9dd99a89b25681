-- Verify pgsm:schemas/schemas on pg

select
    has_schema_privilege('pgsm_owner', 'pgsm', 'create'),
    has_schema_privilege('pgsm_owner', 'pgsm_private', 'create');

do $$
begin
    assert not has_schema_privilege('pgsm_owner', 'pgsm_engine', 'create'),
        'pgsm_owner must not create in pgsm_engine';
end;
$$;
