"""The how-tos about Django and SQLAlchemy do what they say, block by block."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from . import python_pages as pages

DJANGO = "use-with-django.md"
SQLALCHEMY = "use-with-sqlalchemy.md"

# What `django-admin startproject` would have written.
PROJECT = {
    "config/__init__.py": "",
    "config/urls.py": """
from django.urls import path

from shop import views

urlpatterns = [
    path("orders/<int:pk>/accept", views.accept),
    path("orders/<int:pk>", views.show),
]
""",
    "config/settings.py": """
import os

from psycopg import conninfo

_dsn = conninfo.conninfo_to_dict(os.environ["PGSM_DSN"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _dsn["dbname"],
        "USER": _dsn.get("user", ""),
        "PASSWORD": _dsn.get("password", ""),
        "HOST": _dsn.get("host", ""),
        "PORT": _dsn.get("port", ""),
    }
}
INSTALLED_APPS = ["shop"]
ROOT_URLCONF = "config.urls"
ALLOWED_HOSTS = ["testserver"]
SECRET_KEY = "no secret"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
""",
    "shop/__init__.py": "",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Order",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("customer", models.CharField(max_length=100)),
                ("total", models.DecimalField(max_digits=8, decimal_places=2)),
                ("eta", models.IntegerField(null=True)),
            ],
        )
    ]
""",
    "shop/tests.py": """
from django.test import TestCase

from shop import orders


class OrderTest(TestCase):
    def test_order_can_be_accepted(self):
        order = orders.place("ada", "12.50")
        self.assertEqual(orders.accept(order, 20).value, "accepted")
""",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Django project with the files of the page."""
    for name, text in PROJECT.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    pages.write_files(DJANGO, tmp_path)
    return tmp_path


def django(project: Path, dsn: str, *arguments: str, settings: str = "settings") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={
            **os.environ,
            "PGSM_DSN": dsn,
            "DJANGO_SETTINGS_MODULE": f"config.{settings}",
            "PYTHONPATH": str(project),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_django_page_prints_what_it_says(project: Path, fresh_dsn: str) -> None:
    django(project, fresh_dsn, "-m", "django", "migrate", "--verbosity", "0")
    runs = list(pages.python_runs(DJANGO))
    code = "import django; django.setup(); import pgsm\n"
    code += "\n".join(text for text, _ in runs)
    printed = django(project, fresh_dsn, "-c", code)
    assert printed == "".join(text for _, text in runs)


def test_django_tests_run_in_a_copy_of_the_template(
    project: Path, fresh_dsn: str, server_dsn: str, template_dsn: str
) -> None:
    """The page's template has a fixed name; here it is the tests' own."""
    settings = project / "config" / "test_settings.py"
    template = str(conninfo.conninfo_to_dict(template_dsn)["dbname"])
    text = settings.read_text()
    assert '"shop_template"' in text
    settings.write_text(text.replace("shop_template", template))
    arguments = ("-m", "django", "test", "--noinput", "--verbosity", "0")
    django(project, fresh_dsn, *arguments, settings="test_settings")


def test_the_role_of_the_page_may_do_what_it_shows(
    project: Path, fresh_dsn: str
) -> None:
    """Another name than the page's: roles are the whole server's."""
    role = f"pgsm_test_shop_{os.getpid()}"
    (grants,) = pages.texts(DJANGO, "sql")
    with psycopg.connect(fresh_dsn, autocommit=True) as admin:
        name = sql.Identifier(role)
        admin.execute(sql.SQL("create role {} login password 'p'").format(name))
        try:
            for statement in grants.strip().splitlines():
                admin.execute(statement.replace("to shop", f"to {role}").encode())
            admin.execute(sql.SQL("grant create on schema public to {}").format(name))
            dsn = conninfo.make_conninfo(fresh_dsn, user=role, password="p")
            django(project, dsn, "-m", "django", "migrate", "--verbosity", "0")
            code = "import django; django.setup(); from shop import orders\n"
            code += "print(orders.accept(orders.place('ada', '1'), 2).value)"
            assert django(project, dsn, "-c", code) == "accepted\n"
        finally:
            admin.execute(sql.SQL("drop owned by {}").format(name))
            admin.execute(sql.SQL("drop role {}").format(name))


def test_sqlalchemy_page_prints_what_it_says(
    fresh_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import URL

    facts = conninfo.conninfo_to_dict(fresh_dsn)
    url = URL.create(
        "postgresql+psycopg",
        username=str(facts.get("user")),
        password=str(facts.get("password") or ""),
        host=str(facts["host"]),
        port=int(facts.get("port") or 5432),
        database=str(facts["dbname"]),
    )
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    # mapped classes look their annotations up in their module
    monkeypatch.setitem(sys.modules, "page", type(sys)("page"))
    pages.run_python(SQLALCHEMY, vars(sys.modules["page"]))
