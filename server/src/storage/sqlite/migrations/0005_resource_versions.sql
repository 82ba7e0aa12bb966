-- What sets of resources held before they were updated: at most so many versions of each set as the server is told to
-- keep. What they hold now is in `resources`.
CREATE TABLE resource_versions (
    resources   INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    update_time REAL NOT NULL,
    content     TEXT NOT NULL,
    PRIMARY KEY (resources, version)
) STRICT, WITHOUT ROWID;

-- Who was made with which set, so that their number is quickly told.
CREATE INDEX rollouts_by_resources ON rollouts (resources_id, start_time) WHERE resources_id IS NOT NULL;
