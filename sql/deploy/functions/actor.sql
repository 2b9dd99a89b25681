-- Deploy pgsm:functions/actor to pg
-- requires: schemas/schemas

begin;
set local role pgsm_owner;

create or replace function pgsm_private.actor ()
  returns jsonb
  language plpgsql
  stable
as $$
declare
    v_role    text := current_setting('role');
    v_claims  text := current_setting('request.jwt.claims', true);
begin
    if v_role = 'none' then
        v_role := session_user;
    end if;
    if v_claims is null or v_claims = '' then
        return jsonb_build_object('role', v_role);
    end if;
    return jsonb_build_object('role', v_role, 'claims', v_claims::jsonb);
exception
    when invalid_text_representation then
        raise exception 'request.jwt.claims is not JSON'
            using errcode = 'SM104',
            hint = 'set request.jwt.claims to a JSON object, or not at all';
end;
$$;

comment on function pgsm_private.actor () is $comment$
    Who calls: {"role", "claims"}, as expressions read it in auth.  Inside of a
    definer function the role is the one that was set, else the session's user.
$comment$;

commit;
