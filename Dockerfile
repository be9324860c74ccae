# One image for every process of the Procfile: `docker run IMAGE backline worker`, and so on.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY app app
COPY workers workers
RUN python -m venv /opt/backline \
    && /opt/backline/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/backline backline
COPY --from=build /opt/backline /opt/backline
ENV PATH=/opt/backline/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BACKLINE_HOME=/var/lib/backline \
    PORT=8000
# By its number: hosts that refuse root can tell that it is not.
USER 10001
WORKDIR /var/lib/backline
EXPOSE 8000
# For the web process; a worker and a clock are looked at with `backline doctor`.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["python", "-m", "app.alive"]
CMD ["backline", "web"]
