# The base is pinned by tag. For a build that can be repeated, give the digest as well:
#   docker build --build-arg BASE=python:3.13-slim-trixie@sha256:... -t zoneserver .
ARG BASE=python:3.13-slim-trixie


# Stage 1: wheels. Dependencies come by hash and as wheels only; nothing of theirs is compiled.
# Our own is, with Rust: the native engine. Its crates are those of fastpath/Cargo.lock.
FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN apt-get update \
    && apt-get install --yes --no-install-recommends cargo gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY packaging/requirements.txt packaging/build.txt packaging/
RUN pip download --require-hashes --no-deps --only-binary=:all: --dest /wheels -r packaging/requirements.txt \
    && pip install --require-hashes --no-deps --only-binary=:all: -r packaging/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY fastpath/ fastpath/
COPY zoneserver/ zoneserver/
# Without the native engine the image would not be what it says it is.
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && python -m zipfile --list /wheels/zoneserver-*.whl | grep -q _fastpath


# Stage 2: Python, the wheels, the zones; neither compiler nor pip.
FROM ${BASE}
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-index --no-deps --no-cache-dir --root-user-action=ignore /wheels/*.whl \
    && pip uninstall --yes --root-user-action=ignore pip
COPY packaging/healthcheck.py /usr/local/lib/zoneserver/healthcheck.py
COPY zones/ /zones/
# An image whose zones would lose mail is not built.
RUN python -I -B -m zoneserver check /zones \
    && install -d -o 65532 -g 65532 -m 0700 /var/lib/zoneserver

# Everything else that can be set has a variable, too: docs/containers.md
ENV ZONESERVER_ZONES=/zones ZONESERVER_LISTEN=0.0.0.0:5353 ZONESERVER_STATE=/var/lib/zoneserver
USER 65532:65532
# A port over 1024 needs no privilege; publish it as 53: -p 53:5353/udp -p 53:5353/tcp
EXPOSE 5353/udp 5353/tcp
VOLUME /var/lib/zoneserver
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-B", "/usr/local/lib/zoneserver/healthcheck.py"]
ENTRYPOINT ["python", "-I", "-B", "-m", "zoneserver"]
CMD ["serve"]
