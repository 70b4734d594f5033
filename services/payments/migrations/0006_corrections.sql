-- Names and addresses that were set right; read over what the payment was made with, so that it
-- does not matter which of the two is heard of first.
CREATE TABLE corrections (
    registrant_id uuid PRIMARY KEY,
    version integer NOT NULL, -- The registrant's.
    name text NOT NULL,
    email text NOT NULL,
    locale text NOT NULL,
    manage_url text NOT NULL
);
