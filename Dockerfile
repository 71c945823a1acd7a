# docker build -t snnviz . && docker run --init -p 8501:8501 -v snnviz-cache:/app/cache snnviz
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends dataset-fashion-mnist \
 && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 SNNVIZ_CACHE=/app/cache
WORKDIR /app

# The CPU build of torch: the default one brings gigabytes of CUDA. Pass an empty TORCH_INDEX for the default.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements.txt .
RUN pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)" \
 && pip install -r requirements.txt

# docker build --build-arg EXTRA="postgresql oidc" for what a host needs besides (docs/hosting.md).
ARG EXTRA=
COPY requirements-postgresql.txt requirements-oidc.txt ./
RUN for extra in $EXTRA; do pip install -r "requirements-$extra.txt" || exit 1; done

COPY app.py ./
COPY .streamlit .streamlit
COPY pages pages
COPY snnviz snnviz
COPY docs/glossary.md docs/

RUN useradd --create-home --uid 1000 snnviz && mkdir -p cache && chown snnviz:snnviz cache
USER snnviz
VOLUME /app/cache
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501"]
