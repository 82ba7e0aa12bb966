-- Rows are found by the ids that they are known by: they are spread evenly, and lie together with what belongs to them when
-- tables are distributed by `rollout_id`. Nothing counts up in one place.
--
-- `key` is the order in which rows came: the database's clock in microseconds and the place within the batch, times 1024 and
-- a part drawn by lot for rollouts, which tells apart what several servers write in one microsecond.
--
-- Times are seconds since 1970. JSON is kept as text, as it came. Texts have U+E000 before U+E000, and U+E000 and a zero for
-- the character zero, which PostgreSQL cannot keep.

-- One row.
CREATE TABLE store (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    -- A server was at work then.
    alive_at     double precision NOT NULL,
    -- No silence counts from before: nobody could be heard.
    silence_from double precision NOT NULL
);
INSERT INTO store (alive_at, silence_from) VALUES (0, 0);

-- One row: by which rules facts about spans were made.
CREATE TABLE projection (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    version bigint NOT NULL
);
INSERT INTO projection (version) VALUES (0);

CREATE TABLE rollouts (
    rollout_id   text COLLATE "C" PRIMARY KEY,
    key          bigint NOT NULL UNIQUE,
    status       text COLLATE "C" NOT NULL CHECK (status IN ('queuing', 'preparing', 'running', 'failed', 'succeeded',
        'cancelled', 'requeuing')),
    start_time   double precision NOT NULL,
    -- Exactly the finished ones have an end.
    end_time     double precision CHECK ((end_time IS NOT NULL) = (status IN ('failed', 'succeeded', 'cancelled'))),
    mode         text COLLATE "C",
    resources_id text COLLATE "C",
    -- Null: the default.
    config       text,
    -- The newest attempt has this number.
    attempts     bigint NOT NULL,
    first_start  double precision,
    -- May belong to a rollout that no longer waits: such a place is dropped when the queue comes to it.
    queue_place  bigint CHECK (queue_place IS NOT NULL OR status NOT IN ('queuing', 'requeuing')),
    -- When to look whether its newest attempt has run out of time.
    check_time   double precision
) WITH (fillfactor = 85);

CREATE INDEX rollouts_queue ON rollouts (queue_place, rollout_id) WHERE queue_place IS NOT NULL;
CREATE INDEX rollouts_due ON rollouts (check_time) WHERE check_time IS NOT NULL;
-- Those of a rare status are found without looking at all.
CREATE INDEX rollouts_open ON rollouts (status, key) WHERE status IN ('queuing', 'preparing', 'running', 'requeuing');
CREATE INDEX rollouts_by_start ON rollouts (start_time DESC, key);
CREATE INDEX rollouts_by_end ON rollouts (end_time, status) WHERE end_time IS NOT NULL;

-- Apart from the rows that change with every step of a rollout's life.
CREATE TABLE rollout_bodies (
    rollout_id text COLLATE "C" PRIMARY KEY,
    input      text NOT NULL,
    metadata   text
);

CREATE TABLE attempts (
    rollout_id          text COLLATE "C" NOT NULL,
    attempt_id          text COLLATE "C" NOT NULL,
    sequence_id         bigint NOT NULL,
    start_time          double precision NOT NULL,
    end_time            double precision,
    status              text COLLATE "C" NOT NULL CHECK (status IN ('preparing', 'running', 'failed', 'succeeded',
        'unresponsive', 'timeout')),
    worker_id           text COLLATE "C",
    last_heartbeat_time double precision,
    metadata            text,
    -- The key of its newest span; 0: it has none. Keys of an attempt's spans only rise, so that whoever has read up to one
    -- reads on from there.
    last_span           bigint NOT NULL DEFAULT 0,
    -- It has spans that the facts about it do not know yet.
    is_dirty            boolean NOT NULL DEFAULT false,
    PRIMARY KEY (rollout_id, attempt_id)
) WITH (fillfactor = 85);

CREATE INDEX attempts_dirty ON attempts (rollout_id, attempt_id) WHERE is_dirty;
CREATE INDEX attempts_by_start ON attempts (start_time);
CREATE INDEX attempts_by_end ON attempts (end_time, worker_id, status, start_time) WHERE end_time IS NOT NULL;
-- Few: those that somebody has to look at.
CREATE INDEX attempts_expired ON attempts (start_time) WHERE status IN ('timeout', 'unresponsive');

-- By the day on which their rollout was made, in days since 1970: a table for each, which is dropped in one stroke. What is
-- only passed through is JSON text in `rest`.
CREATE TABLE spans (
    day         integer NOT NULL,
    rollout_id  text COLLATE "C" NOT NULL,
    attempt_id  text COLLATE "C" NOT NULL,
    span_id     text COLLATE "C" NOT NULL,
    key         bigint NOT NULL,
    sequence_id bigint NOT NULL,
    trace_id    text COLLATE "C" NOT NULL,
    parent_id   text COLLATE "C",
    name        text COLLATE "C" NOT NULL,
    start_time  double precision,
    end_time    double precision,
    rest        text NOT NULL,
    PRIMARY KEY (day, rollout_id, attempt_id, span_id)
) PARTITION BY RANGE (day);

-- The numbers of a rollout's spans. It need not exist.
CREATE TABLE sequences (
    rollout_id  text COLLATE "C" PRIMARY KEY,
    sequence_id bigint NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE resources (
    resources_id text COLLATE "C" PRIMARY KEY,
    key          bigint NOT NULL,
    create_time  double precision NOT NULL,
    update_time  double precision NOT NULL,
    version      bigint NOT NULL,
    resources    text NOT NULL,
    -- The highest one is the latest.
    written      bigint NOT NULL
);
CREATE INDEX resources_written ON resources (written);

-- What sets of resources held before they were updated: at most so many versions of each set as the server is told to keep.
CREATE TABLE resource_versions (
    resources_id text COLLATE "C" NOT NULL,
    version      bigint NOT NULL,
    update_time  double precision NOT NULL,
    content      text NOT NULL,
    PRIMARY KEY (resources_id, version)
);

CREATE TABLE workers (
    worker_id           text COLLATE "C" PRIMARY KEY,
    key                 bigint NOT NULL,
    status              text COLLATE "C" NOT NULL,
    heartbeat_stats     text,
    last_heartbeat_time double precision,
    -- How far its heartbeats are apart, the newest interval counting for a third. Null: it has had less than two.
    heartbeat_interval  double precision,
    last_dequeue_time   double precision,
    last_busy_time      double precision,
    last_idle_time      double precision,
    current_rollout_id  text COLLATE "C",
    current_attempt_id  text COLLATE "C"
) WITH (fillfactor = 50);

-- How many there are of what, and how many spans the facts know: the sum over the shards, of which each connection has one,
-- so that no two wait for each other.
CREATE TABLE counts (
    name   text COLLATE "C" NOT NULL,
    shard  integer NOT NULL,
    amount bigint NOT NULL,
    PRIMARY KEY (name, shard)
) WITH (fillfactor = 50);

-- What calls with an idempotency key were answered.
CREATE TABLE answers (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    -- The request: the first 16 bytes of a SHA-256.
    fingerprint     bytea NOT NULL CHECK (length(fingerprint) = 16),
    time            double precision NOT NULL,
    -- What the answer can be made of again, as JSON. Never a task, metadata or the body of a span.
    memo            text NOT NULL
);
CREATE INDEX answers_by_time ON answers (time);

-- What the spans of an attempt say. Absent: nothing yet.
CREATE TABLE attempt_facts (
    rollout_id    text COLLATE "C" NOT NULL,
    attempt_id    text COLLATE "C" NOT NULL,
    -- The key of the last span that they know.
    watermark     bigint NOT NULL,
    spans         bigint NOT NULL,
    errors        bigint NOT NULL,
    input_tokens  bigint NOT NULL,
    output_tokens bigint NOT NULL,
    cost          double precision,
    -- JSON lists; null: empty.
    models        text,
    rewards       text,
    -- The place of the span that the reward is from: number, start, id.
    reward_number bigint,
    reward_time   double precision,
    reward_span   text COLLATE "C",
    last_error    text,
    error_number  bigint,
    error_time    double precision,
    error_span    text COLLATE "C",
    -- Answers whose tokens are counted, as hashes of 8 bytes; null: none.
    answers       bytea,
    PRIMARY KEY (rollout_id, attempt_id)
) WITH (fillfactor = 85);

-- The same of all attempts of a rollout together, as far as lists are filtered and sorted by it.
CREATE TABLE rollout_facts (
    rollout_id text COLLATE "C" PRIMARY KEY,
    -- The number of the newest attempt that has spans. The reward is its own: it counts only while no newer one has begun.
    newest     bigint NOT NULL,
    spans      bigint NOT NULL,
    errors     bigint NOT NULL,
    tokens     bigint NOT NULL,
    reward     double precision,
    models     text
) WITH (fillfactor = 85);

-- Long texts are compressed where they lie, by the quickest way that this server knows.
ALTER TABLE rollout_bodies ALTER COLUMN input SET STORAGE MAIN, ALTER COLUMN metadata SET STORAGE MAIN;
ALTER TABLE rollout_bodies SET (toast_tuple_target = 512);
ALTER TABLE spans ALTER COLUMN rest SET STORAGE MAIN;
DO $$
BEGIN
    ALTER TABLE spans ALTER COLUMN rest SET COMPRESSION lz4;
    ALTER TABLE rollout_bodies ALTER COLUMN input SET COMPRESSION lz4, ALTER COLUMN metadata SET COMPRESSION lz4;
EXCEPTION WHEN OTHERS THEN
    -- A server without lz4 compresses in its own way.
    NULL;
END $$;
