-- What payments found odd, for the organization's list of exceptions.
CREATE TABLE flags (
    organization_id uuid NOT NULL REFERENCES organizations,
    cause text NOT NULL,
    about text NOT NULL,
    registrant_id uuid,
    webinar_id uuid,
    detail text NOT NULL,
    is_resolved boolean NOT NULL DEFAULT false,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (organization_id, cause, about)
);
CREATE INDEX flags_open ON flags (organization_id, told_at) WHERE NOT is_resolved;
