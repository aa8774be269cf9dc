# The studio for CPUs:   docker build -t puzzlecam-studio .
# For NVIDIA GPUs:       docker build -t puzzlecam-studio:cuda --build-arg TORCH_INDEX= .
# docs/operators.md, "Containers", explains both.

FROM python:3.11-slim-bookworm AS build
# Compiles the dense CRF; nothing of this stage but the environment reaches the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*
# PyTorch's wheels without CUDA come from an index of their own; empty means the default index, with CUDA.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/puzzlecam
ENV PATH=/opt/puzzlecam/bin:$PATH
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE THIRD_PARTY_LICENSES.md ./
COPY assets assets
COPY db db
COPY trainer trainer
COPY puzzlecam_app puzzlecam_app
RUN PIP_EXTRA_INDEX_URL="$TORCH_INDEX" pip install --constraint constraints.txt ".[crf,heic,postgresql,remote]"
# There is no display, so OpenCV needs none of its libraries.
RUN version="$(python -c 'from importlib.metadata import version; print(version("opencv-python"))')" \
    && pip uninstall --yes opencv-python \
    && pip install "opencv-python-headless==$version"

FROM python:3.11-slim-bookworm
# pg_dump and pg_restore are for `puzzlecam backup`; tini ends processes that have lost their parent.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home puzzlecam \
    && install --directory --owner=puzzlecam /workspace
COPY --from=build /opt/puzzlecam /opt/puzzlecam
ENV PATH=/opt/puzzlecam/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PUZZLECAM_WORKSPACE=/workspace \
    PUZZLECAM_HOST=0.0.0.0 \
    PUZZLECAM_PORT=7860 \
    PUZZLECAM_OPEN_BROWSER=false \
    PUZZLECAM_LOG_FORMAT=json
USER 10001
WORKDIR /workspace
VOLUME /workspace
EXPOSE 7860
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PUZZLECAM_PORT'] + '/api/health', timeout=5)"]
ENTRYPOINT ["tini", "--", "puzzlecam"]
CMD ["app"]
