# The image of the agent. The base is one digest of its tag, a list of platforms. To renew it, put in what
# `docker buildx imagetools inspect python:3.11-slim-bookworm` prints as its digest, and run `make image-check`.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG PYTHON_DIGEST=@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b

FROM ${PYTHON_IMAGE}${PYTHON_DIGEST} AS build
WORKDIR /src
# The compiled helper of the files collector; without a compiler it would be left out.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY .ci/supply/build.txt .ci/supply/image.txt .ci/supply/
# What builds is apart from what is built, which has no pip. Each file that is fetched has its hash in a lock.
RUN python3 -m venv /build \
    && /build/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps \
        -r .ci/supply/build.txt \
    && python3 -m venv --without-pip /opt/leverwatch \
    && /build/bin/pip --python /opt/leverwatch/bin/python3 install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps --report /opt/leverwatch/packages.json -r .ci/supply/image.txt
COPY pyproject.toml README.md LICENSE THIRD_PARTY_NOTICES ./
COPY collectors collectors
COPY agent agent
COPY docs/runbooks docs/runbooks
COPY leverwatch leverwatch
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-index --no-build-isolation --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/leverwatch/bin/python3 install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && /build/bin/pip --python /opt/leverwatch/bin/python3 freeze --exclude leverwatch \
        > /opt/leverwatch/packages.txt \
    && /build/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type application \
        --output-reproducible --output-file /opt/leverwatch/sbom.cdx.json /opt/leverwatch/bin/python3 \
    && cp LICENSE THIRD_PARTY_NOTICES /opt/leverwatch/

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
