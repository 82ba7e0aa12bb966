-- What people look at: facts about attempts that are worked out from their spans, and what lists are filtered and sorted
-- by, so that no list has to look at spans.

-- When the first attempt began: how long a rollout has waited.
ALTER TABLE rollouts ADD COLUMN first_start REAL;
UPDATE rollouts SET first_start = (SELECT a.start_time FROM attempts a WHERE a.rollout = rollouts.key
    ORDER BY a.key LIMIT 1) WHERE attempts > 0;

-- Rollouts are counted by status, status of the newest attempt, and mode, so that nobody has to count those either.
DELETE FROM counts WHERE name NOT IN ('attempts', 'spans', 'resources');
INSERT INTO counts (name, amount) SELECT r.status || '/' || coalesce(a.status, 'none') || '/' || coalesce(r.mode, 'none'),
    count(*) FROM rollouts r LEFT JOIN attempts a ON a.key = r.newest_attempt GROUP BY 1;

-- What has ended when: appended to, and read without the rows.
CREATE INDEX rollouts_by_end ON rollouts (end_time, status) WHERE end_time IS NOT NULL;
CREATE INDEX attempts_by_end ON attempts (end_time, worker_id, status, start_time) WHERE end_time IS NOT NULL;
-- Few: those that somebody has to look at.
CREATE INDEX attempts_expired ON attempts (start_time) WHERE status = 'timeout' OR status = 'unresponsive';

-- What the spans of an attempt say. Absent: nothing yet.
CREATE TABLE attempt_facts (
    attempt       INTEGER PRIMARY KEY,
    spans         INTEGER NOT NULL,
    errors        INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost          REAL,
    -- JSON lists; null: empty.
    models        TEXT,
    rewards       TEXT,
    -- The place of the span that the reward is from: number, start, id.
    reward_number INTEGER,
    reward_time   REAL,
    reward_span   TEXT,
    last_error    TEXT,
    error_number  INTEGER,
    error_time    REAL,
    error_span    TEXT,
    -- Answers whose tokens are counted, as hashes of 8 bytes; null: none.
    answers       BLOB
) STRICT;

-- The same of all attempts of a rollout together, as far as lists are filtered and sorted by it.
CREATE TABLE rollout_facts (
    rollout INTEGER PRIMARY KEY,
    -- The newest attempt that has spans. The reward is its own: it counts only while no newer one has begun.
    newest  INTEGER NOT NULL,
    spans   INTEGER NOT NULL,
    errors  INTEGER NOT NULL,
    tokens  INTEGER NOT NULL,
    reward  REAL,
    models  TEXT
) STRICT;

-- Up to which span the facts go, and by which rules they were made: others make them anew.
CREATE TABLE projection (
    key       INTEGER PRIMARY KEY CHECK (key = 1),
    version   INTEGER NOT NULL,
    watermark INTEGER NOT NULL,
    spans     INTEGER NOT NULL
) STRICT;
INSERT INTO projection (key, version, watermark, spans) VALUES (1, 0, 0, 0);
