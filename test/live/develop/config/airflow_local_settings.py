"""A policy of the user's, beside the modules of the stack that have this name, too."""


def task_policy(task):
    task.owner = "policy"
