-- Deploy pgsm:engine/validate to pg
-- requires: schemas/extensions
-- requires: schemas/schemas

begin;

create or replace function pgsm_engine.validate (schema jsonb, value jsonb)
  returns jsonb
  language plpython3u
  immutable
as $$
import decimal
import json

if "validator" not in SD:
    try:
        import jsonschema
    except ImportError:
        SD["validator"] = None
    else:
        SD["validator"] = jsonschema.validators.validator_for
        SD["default"] = jsonschema.Draft202012Validator

if SD["validator"] is None:
    return "[]"


def read(text):
    return json.loads(text, parse_float=decimal.Decimal)


rules = read(schema)
checker = SD["validator"](rules, default=SD["default"])(rules)
problems = []
for error in sorted(checker.iter_errors(read(value)), key=lambda e: list(map(str, e.path))):
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.path)
    problems.append(f"${place}: {error.message}"[:500])
    if len(problems) == 20:
        break
return json.dumps(problems)
$$;

comment on function pgsm_engine.validate (jsonb, jsonb) is $comment$
    What is wrong with a value by a JSON Schema, as a list of texts: empty when
    nothing is.  The validator is Python's jsonschema where the server has it
    (Debian: python3-jsonschema); where it has not, nothing is found to be wrong.
$comment$;

revoke execute on function pgsm_engine.validate (jsonb, jsonb) from public;
grant execute on function pgsm_engine.validate (jsonb, jsonb) to pgsm_owner;

commit;
