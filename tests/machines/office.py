"""What an office has in its database: reviewers, working days, published documents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

Json = Any

SQL = """
create schema docs;
grant usage on schema docs to pgsm_caller;
create table docs.published (document text, approved_by text[]);
grant insert on docs.published to pgsm_caller;

create function docs.reviewers (document text) returns text[]
  language sql
  stable
return array['ann', 'bob', 'cleo'];

create function docs.add_working_days (start timestamptz, days integer)
  returns timestamptz
  language plpgsql
  stable
as $$
begin
    while days > 0 loop
        start := start + interval '1 day';
        if extract(isodow from start at time zone 'UTC') < 6 then
            days := days - 1;
        end if;
    end loop;
    return start;
end;
$$;

create function docs.publish (document text, approved_by text[]) returns void
  language sql
begin atomic
    insert into docs.published values (publish.document, publish.approved_by);
end;
"""


def add_working_days(start: str, days: int) -> str:
    day = datetime.fromisoformat(start.replace("Z", "+00:00"))
    while days > 0:
        day += timedelta(days=1)
        days -= day.isoweekday() < 6
    return day.isoformat()


FAKES = {
    "docs.reviewers(text)": ["ann", "bob", "cleo"],
    "docs.add_working_days(timestamptz, integer)": add_working_days,
    "docs.publish(text, text[])": None,
}
