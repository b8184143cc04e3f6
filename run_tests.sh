#!/bin/sh
# The suite in containers, against their own PostgreSQL and Redis: `./run_tests.sh [path or label ...]`.
set -eu
cd "$(dirname "$0")"

if ! docker compose version >/dev/null 2>&1 || ! docker info >/dev/null 2>&1; then
    echo "There is no container engine here that answers to 'docker compose': 'make test' runs the same tests without one." >&2
    exit 1
fi

compose() { docker compose --file docker-compose.test.yml "$@"; }
trap 'compose down --volumes --timeout 5 >/dev/null 2>&1' EXIT
compose build --quiet web
compose run --rm web python manage.py test "$@"
