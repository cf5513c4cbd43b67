# The official image, for machines that reach Docker Hub, with the directories of the stack.
ARG AIRFLOW_VERSION
FROM apache/airflow:$AIRFLOW_VERSION
RUN mkdir -p -m 775 /opt/airflow/logs /opt/airflow/dags /opt/airflow/config /opt/airflow/plugins /opt/airflow/data
