-- What calls with an idempotency key were answered. Appended in the order of time and forgotten from the front.
CREATE TABLE answers (
    key             INTEGER PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    -- The request: the first 16 bytes of a SHA-256.
    fingerprint     BLOB NOT NULL CHECK (length(fingerprint) = 16),
    time            REAL NOT NULL,
    -- What the answer can be made of again, as JSON. Never a task, metadata or the body of a span.
    memo            TEXT NOT NULL
) STRICT;
