-- What sets of resources held before they were updated: at most so many versions of each set as the server is told to
-- keep. What they hold now is in `resources`.
CREATE TABLE resource_versions (
    resources   INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    update_time REAL NOT NULL,
    content     TEXT NOT NULL,
    PRIMARY KEY (resources, version)
) STRICT, WITHOUT ROWID;
