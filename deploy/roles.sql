-- One service's role and schema: it reads and writes its own tables and sees nobody else's.
--
-- Run by the owner of the database, before that service's migrations; may be repeated. Takes its
-- parameters from the session, so that it also runs in psql:
--   SET taquilla.role = 'payments'; SET taquilla.password = '...'; SET taquilla.schema = 'payments';
-- An empty password leaves the role's password alone (certificates, or a role made elsewhere).

DO $$
DECLARE
  service_role text := current_setting('taquilla.role');
  service_schema text := current_setting('taquilla.schema');
  service_password text := current_setting('taquilla.password');
BEGIN
  -- Two at once would update the same catalogue rows and fail.
  PERFORM pg_advisory_xact_lock(hashtext('taquilla.roles'));

  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service_role) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', service_role);
  END IF;
  IF service_password <> '' THEN
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', service_role, service_password);
  END IF;

  -- A process that is stopped in mid-transaction frees its locks; nobody waits for ever.
  EXECUTE format('ALTER ROLE %I SET lock_timeout = ''3s''', service_role);
  EXECUTE format(
    'ALTER ROLE %I SET idle_in_transaction_session_timeout = ''5s''', service_role);
  EXECUTE format('ALTER ROLE %I SET transaction_timeout = ''15s''', service_role);
  EXECUTE format('ALTER ROLE %I SET timezone = ''UTC''', service_role);
  -- The stores name no schema; this is what makes their tables the service's own.
  EXECUTE format('ALTER ROLE %I SET search_path = %I', service_role, service_schema);

  EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', service_schema);
  EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', service_schema);
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service_schema, service_role);
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), service_role);

  -- Tables that exist, and those that later migrations make.
  EXECUTE format(
    'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO %I',
    service_schema, service_role);
  EXECUTE format(
    'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO %I', service_schema, service_role);
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I',
    service_schema, service_role);
  EXECUTE format(
    'ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO %I',
    service_schema, service_role);
END
$$;
