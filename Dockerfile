FROM python:3.11-slim AS build
WORKDIR /srv/placet
RUN python -m venv /opt/venv && pip install --no-cache-dir uv==0.13.8
COPY pyproject.toml requirements.lock ./
# Only what runs, at the locked versions and hashes; the lock also knows the tools of development.
RUN uv pip install --python /opt/venv/bin/python --no-cache --require-hashes -c requirements.lock -r pyproject.toml
COPY manage.py ./
COPY config config
COPY governance governance
COPY reviews reviews
COPY templates templates
COPY locale locale
COPY static static
RUN PLACET_MODE=local /opt/venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home placet
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/placet /srv/placet
WORKDIR /srv/placet
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", "--blocking-threads", "8", "--respawn-failed-workers", "config.wsgi:application"]
