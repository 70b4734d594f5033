-- People who sign in to the console: who they are, where they belong, what browsers they use.

CREATE TABLE people (
    id uuid PRIMARY KEY,
    email text NOT NULL CHECK (length(email) <= 254),
    email_key text NOT NULL UNIQUE,
    name text NOT NULL CHECK (name <> '' AND length(name) <= 200),
    locale text NOT NULL DEFAULT 'en',
    password_hash text, -- Argon2id; null until the first password is chosen.
    password_changed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    person_id uuid NOT NULL REFERENCES people,
    organization_id uuid NOT NULL REFERENCES organizations,
    role text NOT NULL CHECK (role IN ('organizer', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (person_id, organization_id)
);
CREATE INDEX memberships_of_organization ON memberships (organization_id);

-- One signed-in browser each; the cookie holds the secret, the table its SHA-256.
CREATE TABLE sessions (
    id_hash bytea PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now(),
    confirmed_at timestamptz NOT NULL DEFAULT now(), -- The password was last asked for.
    browser text NOT NULL DEFAULT '' CHECK (length(browser) <= 200),
    note jsonb -- Said once, on the next page.
);
CREATE INDEX sessions_of_person ON sessions (person_id);
CREATE INDEX sessions_age ON sessions (seen_at);

-- Links that are used once: a first password, an invitation, a forgotten password.
CREATE TABLE person_links (
    token_hash bytea PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('invitation', 'password_reset')),
    email text NOT NULL CHECK (length(email) <= 254),
    email_key text NOT NULL,
    person_id uuid REFERENCES people,
    organization_id uuid REFERENCES organizations, -- Of an invitation, with the role in it.
    role text CHECK (role IN ('organizer', 'admin')),
    invited_by uuid REFERENCES people,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK (purpose <> 'invitation' OR (organization_id IS NOT NULL AND role IS NOT NULL))
);
CREATE INDEX person_links_of_organization ON person_links (organization_id)
    WHERE purpose = 'invitation' AND used_at IS NULL;
CREATE INDEX person_links_of_address ON person_links (email_key, created_at);

-- Failed sign-ins, counted by account, by network and by both; hashes, for a day.
CREATE TABLE sign_in_failures (
    counted_by text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_failures_counted ON sign_in_failures (counted_by, failed_at);
