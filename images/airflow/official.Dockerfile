# For machines that reach Docker Hub: the official image, plus the directory that the example writes to.
ARG AIRFLOW_VERSION
FROM apache/airflow:$AIRFLOW_VERSION
RUN mkdir -p -m 775 /opt/airflow/logs /opt/airflow/dags /opt/airflow/config /opt/airflow/plugins /opt/airflow/data
