# The product in an image: `clinic` is what runs, `tests` is what `run_tests.sh` runs.
# No secret is ever in a layer: keys are made by the first start, into a volume (docker-compose.yml).

FROM python:3.11-slim-bookworm AS python
ENV PYTHONUNBUFFERED=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
# One user in every image, so that a volume made by one can be written by the other.
RUN groupadd --gid 10001 clinic \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin clinic \
    && install --directory --owner=clinic --group=clinic --mode=0700 /data /keys \
    && install --directory --owner=clinic --group=clinic --mode=0711 /database-password
WORKDIR /app

# -- the front end: Node is a Python package, of the version that is locked -------------------------------------
FROM python AS frontend
COPY requirements/build.txt requirements/build.txt
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --require-hashes --requirement requirements/build.txt
ENV PATH="/opt/build/bin:$PATH"
WORKDIR /app/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

# -- what runs needs, and nothing else -----------------------------------------------------------------------------
FROM python AS packages
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /opt/clinic \
    && /opt/clinic/bin/pip install --require-hashes --requirement requirements/base.txt

# -- the tests, with all that they need: `docker compose -f docker-compose.test.yml` ---------------------------------
FROM python AS tests
# Debian's Chromium, for the tests that look at the real app, and its cheaper sister, for all but those of
# notifications. Their version is Debian's business.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium chromium-headless-shell git make \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/dev.txt requirements/dev.txt
RUN python -m venv /opt/clinic \
    && /opt/clinic/bin/pip install --require-hashes --requirement requirements/dev.txt \
    && chown clinic:clinic /app
ENV PATH="/opt/clinic/bin:$PATH" HOME=/tmp
COPY --chown=clinic:clinic . .
COPY --chown=clinic:clinic --from=frontend /app/frontend/dist frontend/dist
USER 10001:10001
CMD ["python", "manage.py", "test"]

# -- the product ----------------------------------------------------------------------------------------------------
FROM python AS clinic
COPY --from=packages /opt/clinic /opt/clinic
COPY manage.py ./
COPY deploy/healthcheck.py deploy/make_secrets.py deploy/
COPY clinic clinic
COPY realtime realtime
COPY api api
COPY workers workers
COPY --from=frontend /app/frontend/dist frontend/dist
# Compiled here, because nothing can be written where it runs.
RUN /opt/clinic/bin/python -m compileall -q clinic realtime api workers manage.py
ENV PATH="/opt/clinic/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    HOST=0.0.0.0 \
    PORT=8000 \
    CLINIC_DATA_DIR=/data
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "deploy/healthcheck.py", "/livez"]
CMD ["python", "manage.py", "serve"]
