#!/usr/bin/env bash
# Lints the SQL: sqlfluff's few rules (pyproject.toml) and no trailing blanks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

directories=()
for directory in sql examples benchmarks; do
    if [ -n "$(find "$directory" -name '*.sql' -print -quit 2>/dev/null)" ]; then
        directories+=("$directory")
    fi
done
[ "${#directories[@]}" -gt 0 ] || exit 0

if grep -rnE --include='*.sql' '[[:blank:]]+$' "${directories[@]}"; then
    echo "error: trailing blanks in the lines above" >&2
    exit 1
fi
exec .venv/bin/python -m sqlfluff lint --processes 2 "${directories[@]}"
