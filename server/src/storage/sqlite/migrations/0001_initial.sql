-- Keys are handed out by the writer in the order of insertion, which is also the order of unsorted lists.
-- CHECKs spell out lists of words with OR: for a longer IN, SQLite fills a table each time a row is written.

CREATE TABLE rollouts (
    key            INTEGER PRIMARY KEY,
    rollout_id     TEXT NOT NULL UNIQUE,
    status         TEXT NOT NULL CHECK (status = 'queuing' OR status = 'preparing' OR status = 'running'
        OR status = 'failed' OR status = 'succeeded' OR status = 'cancelled' OR status = 'requeuing'),
    start_time     REAL NOT NULL,
    -- Exactly the finished ones have an end.
    end_time       REAL CHECK ((end_time IS NOT NULL)
        = (status = 'failed' OR status = 'succeeded' OR status = 'cancelled')),
    mode           TEXT,
    resources_id   TEXT,
    -- Null: the default.
    config         TEXT,
    attempts       INTEGER NOT NULL,
    newest_attempt INTEGER,
    -- May belong to a rollout that no longer waits: such a place is dropped when the queue comes to it.
    queue_place    INTEGER CHECK (queue_place IS NOT NULL OR status NOT IN ('queuing', 'requeuing')),
    -- No sequence number up to this one may be given out again.
    sequence_id    INTEGER NOT NULL
) STRICT;

CREATE INDEX rollouts_by_status ON rollouts (status);
CREATE INDEX rollouts_by_start ON rollouts (start_time);
CREATE INDEX rollouts_queue ON rollouts (queue_place) WHERE queue_place IS NOT NULL;

-- Apart from the rows that change with every step of a rollout's life.
CREATE TABLE rollout_bodies (
    rollout  INTEGER PRIMARY KEY,
    input    TEXT NOT NULL,
    metadata TEXT
) STRICT;

CREATE TABLE attempts (
    key                 INTEGER PRIMARY KEY,
    rollout             INTEGER NOT NULL,
    attempt_id          TEXT NOT NULL,
    sequence_id         INTEGER NOT NULL,
    start_time          REAL NOT NULL,
    end_time            REAL,
    status              TEXT NOT NULL CHECK (status = 'preparing' OR status = 'running' OR status = 'failed'
        OR status = 'succeeded' OR status = 'unresponsive' OR status = 'timeout'),
    worker_id           TEXT,
    last_heartbeat_time REAL,
    metadata            TEXT
) STRICT;

CREATE UNIQUE INDEX attempts_by_rollout ON attempts (rollout, attempt_id);

-- Appended; the one index is narrow. What is only passed through is JSON text in `rest`.
CREATE TABLE spans (
    key         INTEGER PRIMARY KEY,
    attempt     INTEGER NOT NULL,
    span_id     TEXT NOT NULL,
    sequence_id INTEGER NOT NULL,
    trace_id    TEXT NOT NULL,
    parent_id   TEXT,
    name        TEXT NOT NULL,
    start_time  REAL,
    end_time    REAL,
    rest        TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX spans_by_attempt ON spans (attempt, span_id);

CREATE TABLE resources (
    key          INTEGER PRIMARY KEY,
    resources_id TEXT NOT NULL UNIQUE,
    create_time  REAL NOT NULL,
    update_time  REAL NOT NULL,
    version      INTEGER NOT NULL,
    resources    TEXT NOT NULL,
    -- The highest one is the latest.
    written      INTEGER NOT NULL UNIQUE
) STRICT;

CREATE TABLE workers (
    key                 INTEGER PRIMARY KEY,
    worker_id           TEXT NOT NULL UNIQUE,
    status              TEXT NOT NULL,
    heartbeat_stats     TEXT,
    last_heartbeat_time REAL,
    last_dequeue_time   REAL,
    last_busy_time      REAL,
    last_idle_time      REAL,
    current_rollout_id  TEXT,
    current_attempt_id  TEXT
) STRICT;

-- How many there are of what, so that nobody has to count.
CREATE TABLE counts (
    name   TEXT PRIMARY KEY,
    amount INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
