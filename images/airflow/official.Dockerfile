# For machines that reach Docker Hub: the official image, plus your packages and the directory that the example writes to.
ARG AIRFLOW_VERSION
FROM apache/airflow:$AIRFLOW_VERSION
RUN mkdir -p -m 775 /opt/airflow/logs /opt/airflow/dags /opt/airflow/config /opt/airflow/plugins /opt/airflow/data
COPY packages.txt /
RUN pip freeze > /tmp/constraints.txt && pip install --no-cache-dir --constraint /tmp/constraints.txt -r /packages.txt
