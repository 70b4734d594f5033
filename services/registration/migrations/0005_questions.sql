-- What an organizer asks beside name and address, what was answered, and the terms agreed to.
ALTER TABLE webinars ADD COLUMN questions jsonb NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(questions) = 'array' AND jsonb_array_length(questions) <= 5);

-- Answers stand beside the wording that was answered: a later edit changes nothing here.
ALTER TABLE registrants
    ADD COLUMN answers jsonb,
    ADD COLUMN terms_version integer,
    ADD COLUMN terms_accepted_at timestamptz,
    ADD CHECK ((terms_version IS NULL) = (terms_accepted_at IS NULL));

ALTER TABLE organizations
    ADD COLUMN privacy_url text CHECK (length(privacy_url) <= 2000),
    ADD COLUMN imprint_url text CHECK (length(imprint_url) <= 2000);

-- The highest version holds. One with neither text nor address says that there are no terms now.
CREATE TABLE organization_terms (
    organization_id uuid NOT NULL REFERENCES organizations,
    version integer NOT NULL,
    text text CHECK (text <> '' AND octet_length(text) <= 65536),
    url text CHECK (url <> '' AND length(url) <= 2000),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (organization_id, version),
    CHECK (text IS NULL OR url IS NULL)
);
