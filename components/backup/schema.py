"""Statements about the schema that has Airflow's tables, and what else a restoration replaces."""

# The schema of Airflow's tables. Everything else in an external database is somebody else's.
SCHEMA = "public"

# Objects of the schema but those of extensions: kind, name and owner.
OBJECTS = """
SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
    ELSE 'TABLE' END AS kind, oid::regclass::text AS name, relowner AS owner, 'pg_class'::regclass AS class, oid
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
UNION ALL SELECT 'ROUTINE', oid::regprocedure::text, proowner, 'pg_proc'::regclass, oid
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'TYPE', oid::regtype::text, typowner, 'pg_type'::regclass, oid
  FROM pg_type WHERE typnamespace = 'public'::regnamespace
    AND (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND (SELECT relkind FROM pg_class WHERE pg_class.oid = typrelid) = 'c')
"""
OWN_OBJECTS = f"""
SELECT kind, name, owner, class, oid FROM ({OBJECTS}) objects
  WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = class AND objid = objects.oid AND deptype = 'e')
"""

# Catalogs of objects that a dump of a schema lacks, although their names begin with one: tables of publications, and casts.
UNDUMPED = "'pg_publication_rel'::regclass, 'pg_cast'::regclass, 'pg_transform'::regclass"

# Objects of other schemas, or of none, that would go with those of the schema: views of its tables, keys that refer to them, columns
# of its types, publications of its tables.
DEPENDENTS = f"""
WITH RECURSIVE gone AS (
  SELECT class::oid AS class, oid, 'public' AS place FROM ({OWN_OBJECTS}) own
  UNION SELECT classid, objid, CASE WHEN classid IN ({UNDUMPED}) THEN ''
      ELSE split_part((pg_identify_object_as_address(classid, objid, 0)).object_names[1], '.', 1) END
    FROM pg_depend JOIN gone ON refclassid = class AND refobjid = oid WHERE place IN ('public', 'pg_toast')
)
SELECT DISTINCT regexp_replace(pg_describe_object(class, oid, 0), '^rule _RETURN on ', '') FROM gone
  WHERE place NOT IN ('public', 'pg_toast') ORDER BY 1
"""

# Empties the schema, in the transaction that restores the dump. The schema itself, which may belong to somebody else, stays. Collects
# the names first, since an object that is gone has none.
EMPTY = f"""
DO $$
DECLARE
  commands text[] := (SELECT array_agg(format('DROP %s IF EXISTS %s CASCADE', kind, name)) FROM ({OWN_OBJECTS}) own);
  command text;
BEGIN
  FOREACH command IN ARRAY coalesce(commands, '{{}}') LOOP
    EXECUTE command;
  END LOOP;
END $$;
"""
