# The image of the agent. Pin the base further with --build-arg PYTHON_DIGEST=@sha256:...
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG PYTHON_DIGEST=

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY collectors collectors
COPY agent agent
# The compiled helper of the files collector; without a compiler it would be left out.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/leverwatch \
    && /opt/leverwatch/bin/pip install --no-cache-dir --disable-pip-version-check \
        --report /opt/leverwatch/packages.json '.[postgres]' \
    && /opt/leverwatch/bin/pip freeze --exclude leverwatch > /opt/leverwatch/packages.txt

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST}
ARG VERSION=unknown
LABEL org.opencontainers.image.title="leverwatch" \
      org.opencontainers.image.description="Prompt engineering, hybrid or fine-tuning, now? For every LLM system." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# The distribution's security updates are wanted, so versions are not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 leverwatch \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/leverwatch \
        --shell /usr/sbin/nologin leverwatch \
    && install -d -o 10001 -g 10001 /var/lib/leverwatch \
    && install -d /etc/leverwatch
COPY --from=build /opt/leverwatch /opt/leverwatch
ENV PATH=/opt/leverwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    LEVERWATCH_CONFIG=/etc/leverwatch/leverwatch.yaml \
    LEVERWATCH_HEALTH_URL=http://localhost:9847/-/healthy
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/leverwatch
VOLUME /var/lib/leverwatch
EXPOSE 9847 9848
# No proxy of the environment is asked: what it would say is not what this container says.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python3", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(os.environ['LEVERWATCH_HEALTH_URL'], timeout=3)"]
ENTRYPOINT ["leverwatch"]
CMD ["run"]
