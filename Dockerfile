# The orchestrator and its four media servers in one image. From the folder of this file:
#
#   docker build -t mcp-orchestrator .
#   docker run --rm -it mcp-orchestrator run --demo
#   docker run -d --init -v ./orchestrator.toml:/etc/mcp-orchestrator/orchestrator.toml:ro mcp-orchestrator
#
# What `mcp-orchestrator init` wrote names this machine as 127.0.0.1 and has secrets that only you can read; so, as you:
#
#   mkdir -p state
#   docker run -d --init --network host --user "$(id -u):$(id -g)" -v ./state:/var/lib/mcp-orchestrator \
#     -v ./orchestrator.toml:/etc/mcp-orchestrator/orchestrator.toml:ro \
#     -v ./secrets:/etc/mcp-orchestrator/secrets:ro mcp-orchestrator
#
# The same with `serve` at its end is the daemon, at http://127.0.0.1:8600. Without `--network host`, others reach it by
# `serve --host 0.0.0.0`, once there is a token where it can be written:
# `tokens_file = "/var/lib/mcp-orchestrator/tokens.json"` in [daemon].
FROM python:3.13-slim AS builder
ENV PATH=/opt/venv/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
WORKDIR /src
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY actors actors
COPY supervisors supervisors
COPY mcp_orchestrator mcp_orchestrator
COPY media_servers media_servers
COPY faults faults
# What it needs, setup.cfg says, in ranges.
# hadolint ignore=DL3013
RUN pip install '.[daemon,media]'


# What runs the integration tests; see docker-compose.test.yml.
FROM builder AS tests
# hadolint ignore=DL3013
RUN pip install '.[dev]'
COPY tests tests
USER 10001:10001
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1
CMD ["python", "-m", "pytest", "tests/integration/core/", "-v", "-m", "integration", "-p", "no:cacheprovider"]


FROM python:3.13-slim AS runtime
# By numbers, for whoever must tell from the outside that it is not root.
RUN groupadd --gid 10001 orchestrator \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/mcp-orchestrator orchestrator \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/mcp-orchestrator
COPY --from=builder /opt/venv /opt/venv
COPY docker/healthcheck.py /usr/local/lib/mcp-orchestrator/healthcheck.py
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MCP_ORCHESTRATOR_CONFIG=/etc/mcp-orchestrator/orchestrator.toml \
    STATE_DIRECTORY=/var/lib/mcp-orchestrator
VOLUME /var/lib/mcp-orchestrator
USER 10001:10001
# Four children start on a small machine within the first minute.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "/usr/local/lib/mcp-orchestrator/healthcheck.py"]
ENTRYPOINT ["mcp-orchestrator"]
CMD ["run", "--plain"]
