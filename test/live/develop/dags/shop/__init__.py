"""A package beside the DAGs."""
