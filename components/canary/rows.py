"""Creates the canary's runs in the metadata database, reads their task instances, and deletes all rows of a proof."""

import datetime
import json

from airflow.api.common.delete_dag import delete_dag
from airflow.configuration import conf
from airflow.models import DagModel, DagRun, Pool, TaskInstance
from airflow.models.log import Log
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow_on_celery.canaries import ID
from sqlalchemy import delete, func, insert, select

try:
    from airflow.models.dag_version import DagVersion
    from airflow.models.dagbundle import DagBundleModel
except ImportError:  # Airflow 2
    DagVersion = DagBundleModel = None

FILE = "/opt/airflow/config/airflow_on_celery/canary.py"
TASK = "canary"
# Seconds after which a later proof deletes the rows of an interrupted one; longer than any proof runs.
ABANDONED = 1800


def bundle():
    """Returns the name of the stack's first DAG bundle, which each worker opens before the canary runs, as for any task."""
    return conf.getjson("dag_processor", "dag_bundle_config_list")[0]["name"]


def has_bundle():
    """Returns true once the DAG processor has written the bundle, to which rows of DAGs refer; always in Airflow 2."""
    if DagBundleModel is None:
        return True
    with create_session() as session:
        return session.get(DagBundleModel, bundle()) is not None


def make_dag(session):
    """Creates the canary's DAG as a stale one: no list shows it, and the scheduler still queues the tasks of its runs."""
    dag = session.scalar(select(DagModel).where(DagModel.dag_id == ID).with_for_update())
    if dag is None:
        dag = DagModel(dag_id=ID, fileloc=FILE)
        session.add(dag)
    dag.is_paused = False
    dag.max_active_tasks = dag.max_active_runs = 1_000_000
    dag.has_task_concurrency_limits = False
    dag.max_consecutive_failed_dag_runs = 0
    dag.owners = "airflow"
    if DagBundleModel is None:
        dag.is_active = False
    else:
        dag.is_stale = True
        dag.bundle_name = bundle()
        dag.relative_fileloc = FILE
    # Keeps the canary out of the stack's pools, which may be full; -1 means no limit.
    if session.scalar(select(Pool).where(Pool.pool == ID)) is None:
        session.add(Pool(pool=ID, slots=-1, description="", include_deferred=False))
    session.flush()


def make_version(session, at):
    """Returns the columns of a task instance that only Airflow 3 has."""
    if DagVersion is None:
        return {}
    version = session.scalar(select(DagVersion).where(DagVersion.dag_id == ID).limit(1))
    if version is None:
        version = DagVersion(dag_id=ID, version_number=1, bundle_name=bundle())
        session.add(version)
        session.flush()
    return {"dag_version_id": version.id, "scheduled_dttm": at}


def make_run(run, queue, at, version, session):
    date = {"execution_date": at, "external_trigger": True} if DagVersion is None else {"run_after": at}
    session.add(
        DagRun(dag_id=ID, run_id=run, run_type="manual", state=DagRunState.RUNNING, start_date=at, conf={}, **date)
    )
    session.flush()
    session.execute(
        insert(TaskInstance).values(
            dag_id=ID,
            run_id=run,
            task_id=TASK,
            map_index=-1,
            state=TaskInstanceState.SCHEDULED,
            try_number=1,
            max_tries=0,
            pool=ID,
            pool_slots=1,
            queue=queue,
            priority_weight=1_000_000,
            operator="Canary",
            executor_config={},
            hostname="",
            **version,
        )
    )


def create(queues):
    """Creates a run with a scheduled task for each queue.

    :param queues: queue by run id
    :return: start of the runs
    """
    now = timezone.utcnow()
    with create_session() as session:
        make_dag(session)
        version = make_version(session, now)
        for number, (run, queue) in enumerate(queues.items()):
            # Airflow 2 requires a unique date of each run of a DAG.
            make_run(run, queue, now + datetime.timedelta(microseconds=number), version, session)
    return now


def task_instances(runs):
    """Returns the canary's task instances, by run id."""
    with create_session() as session:
        instances = session.scalars(
            select(TaskInstance).where(TaskInstance.dag_id == ID, TaskInstance.run_id.in_(runs))
        ).all()
        session.expunge_all()
        return {ti.run_id: ti for ti in instances}


def delete_all(runs, result):
    """Deletes all rows of a proof, and replaces the last proof's entry in the audit log.

    :param runs: ids of the proof's runs
    :param result: contents of the entry: `seconds`, `faults`, and the number of trials by outcome
    """
    with create_session() as session:
        # Locks the DAG against another proof that begins meanwhile.
        dag = session.scalar(select(DagModel).where(DagModel.dag_id == ID).with_for_update())
        abandoned = timezone.utcnow() - datetime.timedelta(seconds=ABANDONED)
        old = session.scalars(select(DagRun.run_id).where(DagRun.dag_id == ID, DagRun.start_date < abandoned)).all()
        for model in (TaskInstance, DagRun, Log):
            session.execute(
                delete(model)
                .where(model.dag_id == ID, model.run_id.in_([*runs, *old]))
                .execution_options(synchronize_session=False)
            )
        if dag and session.scalar(select(func.count()).where(DagRun.dag_id == ID)) == 0:
            delete_dag(ID, keep_records_in_log=False, session=session)
            session.execute(delete(Pool).where(Pool.pool == ID))
        session.execute(delete(Log).where(Log.event == ID))
        session.add(Log(event=ID, owner="airflow", extra=json.dumps(result)))


def scheduler_obstacle():
    """Returns why schedulers may queue no task, empty if they may; and whether other tasks are the reason."""
    with create_session() as session:
        from airflow.jobs.job import Job

        latest = session.scalar(
            select(func.max(Job.latest_heartbeat)).where(Job.job_type == "SchedulerJob", Job.state == "running")
        )
        alive = session.scalar(
            select(func.count()).where(
                Job.job_type == "SchedulerJob",
                Job.state == "running",
                Job.latest_heartbeat > timezone.utcnow() - datetime.timedelta(seconds=60),
            )
        )
        busy = session.scalar(
            select(func.count())
            .select_from(TaskInstance)
            .where(TaskInstance.state.in_(["queued", "running"]), TaskInstance.dag_id != ID)
        )
    if not alive:
        return f"no scheduler is alive: the last heartbeat was at {latest}", False
    limit = conf.getint("core", "parallelism") * alive
    if busy < limit:
        return "", False
    return f"the schedulers run {busy} tasks, and [core] parallelism allows {limit}", True
