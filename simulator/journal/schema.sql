-- One run. Played by one process, reviewed by any number; readable by all of them meanwhile (WAL).
-- later.sql has the other tables.

PRAGMA user_version = 1;              -- simulator.journal.database.SHAPE

CREATE TABLE run (                    -- exactly one row
    name TEXT NOT NULL,
    seed INTEGER NOT NULL,
    goal TEXT NOT NULL,               -- JSON: simulator.journal.records.Goal
    models TEXT NOT NULL,             -- JSON: role -> name as given on the command line, without keys
    world TEXT NOT NULL,              -- digest of the content
    version TEXT NOT NULL,            -- of the program
    begun TEXT NOT NULL,              -- ISO 8601, UTC
    played TEXT NOT NULL              -- digest of what sessions are played from; older runs lack the column
);

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    slot INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    plan TEXT NOT NULL,               -- JSON: SessionPlan or RecordedSession; journal/records.py reads older shapes
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'spare', 'kept', 'rejected')),
    score REAL,                       -- the judge's, 0 to 1; NULL: no judge, or no readable answer
    bytes INTEGER NOT NULL DEFAULT 0, -- of the training document
    UNIQUE (slot, attempt)
) WITHOUT ROWID;
CREATE INDEX session_state ON session (state, bytes);  -- how far the run is, without reading the plans

CREATE TABLE event (
    session TEXT NOT NULL REFERENCES session (id),
    number INTEGER NOT NULL,          -- Event.index
    kind TEXT NOT NULL,
    nick TEXT NOT NULL,
    body TEXT NOT NULL,               -- JSON: the whole Event
    PRIMARY KEY (session, number)
) WITHOUT ROWID;

CREATE TABLE call (                   -- every answer of a model, also those that the manners refused
    session TEXT NOT NULL REFERENCES session (id),
    key TEXT NOT NULL,                -- CallId: asked once, paid once
    purpose TEXT NOT NULL,
    speaker TEXT NOT NULL,
    model TEXT NOT NULL,
    text TEXT NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    billing TEXT NOT NULL,
    cost_usd REAL,
    seconds REAL NOT NULL,
    attempts INTEGER NOT NULL,
    cut INTEGER NOT NULL,
    retry INTEGER NOT NULL,           -- CallId.attempt: 0 for the first try
    PRIMARY KEY (session, key)
) WITHOUT ROWID;

CREATE TABLE reason (                 -- why a session was rejected
    session TEXT NOT NULL REFERENCES session (id),
    rule TEXT NOT NULL,
    message INTEGER,
    evidence TEXT NOT NULL
);
CREATE INDEX reason_session ON reason (session);
