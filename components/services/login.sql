-- For the database of `owner`: gives `login` the password in the file `secret`, keeps `previous` as it is, bars all other roles.
\set password `cat :secret`
SELECT format('CREATE ROLE %I', :'login') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \gexec
ALTER ROLE :"login" LOGIN PASSWORD :'password';
-- Sets the member's role to the owner, so that the owner keeps owning all objects.
SELECT format('GRANT %I TO %I', :'owner', :'login') WHERE :'login' <> :'owner' \gexec
SELECT format('ALTER ROLE %I SET role TO %I', :'login', :'owner') WHERE :'login' <> :'owner' \gexec
CREATE TEMPORARY TABLE barred AS SELECT rolname FROM pg_roles
  WHERE (rolname = :'owner' OR rolname ~ ('^' || :'owner' || '_[0-9]+$')) AND rolname NOT IN (:'login', :'previous');
SELECT format('ALTER ROLE %I NOLOGIN', rolname) FROM barred \gexec
SELECT count(pg_terminate_backend(pid)) AS sessions_ended FROM pg_stat_activity JOIN barred ON usename = rolname;
