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

if "jsonschema" not in SD:
    try:
        import jsonschema
    except ImportError:
        jsonschema = None
    SD["jsonschema"] = jsonschema

jsonschema = SD["jsonschema"]
if jsonschema is None:
    return "[]"


def read(text):
    return json.loads(text, parse_float=decimal.Decimal)


def closed(rules):
    """What finds a schema's references: within itself, never in files or the network."""
    try:
        import referencing
    except ImportError:
        pass
    else:
        return {"registry": referencing.Registry()}

    class Resolver(jsonschema.RefResolver):
        def resolve_remote(self, uri):
            raise ValueError("a schema refers to itself only, not to %s" % uri)

    return {"resolver": Resolver.from_schema(rules)}


rules = read(schema)
kind = jsonschema.validators.validator_for(
    rules, default=jsonschema.Draft202012Validator
)
checker = kind(rules, **closed(rules))
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
    nothing is.  A schema may refer to itself, never to files or the network.  The validator is Python's jsonschema where the server has it
    (Debian: python3-jsonschema); where it has not, nothing is found to be wrong.
$comment$;

revoke execute on function pgsm_engine.validate (jsonb, jsonb) from public;
grant execute on function pgsm_engine.validate (jsonb, jsonb) to pgsm_owner;

commit;
