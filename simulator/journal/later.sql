-- Tables that older runs lack: made when a run is opened for writing. Readers do without them.

CREATE TABLE IF NOT EXISTS failure (  -- requests that failed: sent again, or given up
    session TEXT NOT NULL REFERENCES session (id),
    key TEXT NOT NULL,                -- CallId, answered in the end or not
    kind TEXT NOT NULL,               -- simulator.llm.retry.FailureKind
    count INTEGER NOT NULL,
    PRIMARY KEY (session, key, kind)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS review (   -- what people did at the review desk, in order; nothing is ever taken out
    number INTEGER PRIMARY KEY,
    step INTEGER NOT NULL,            -- common to what was done at once: the number of the first
    at TEXT NOT NULL,                 -- ISO 8601, UTC
    person TEXT NOT NULL,
    session TEXT NOT NULL REFERENCES session (id),
    line INTEGER,                     -- index among the messages; NULL: the session as a whole
    kind TEXT NOT NULL,               -- simulator.journal.records.ReviewKind
    text TEXT NOT NULL,               -- of an edit: the new words; the event keeps the original
    why TEXT NOT NULL,
    undone INTEGER                    -- of an undo: the step that is taken back
);
CREATE INDEX IF NOT EXISTS review_session ON review (session);

CREATE TABLE IF NOT EXISTS activity ( -- one row while a process plays the run: what it is doing
    line TEXT NOT NULL,
    at TEXT NOT NULL                  -- wall time, ISO 8601
);
