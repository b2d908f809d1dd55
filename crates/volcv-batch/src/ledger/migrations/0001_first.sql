-- One text for SQLite and PostgreSQL. Times are milliseconds since 1970 of the database's clock.

-- What is wished for. `state` is one of planned, claimed, sending, unknown, paid, done, refused, failed.
CREATE TABLE items (
    id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    job TEXT NOT NULL,               -- JSON
    output TEXT NOT NULL UNIQUE,
    plan BIGINT NOT NULL,            -- the planning that wrote the job
    state TEXT NOT NULL,
    run BIGINT,                      -- the run that took it last
    claim BIGINT,                    -- the claim of that run, until its verdict is written
    tries BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL DEFAULT 0,
    store TEXT,                      -- of paid: only runs of this store can read the answers; NULL means all
    result TEXT                      -- JSON
);
CREATE INDEX items_in_order ON items (state, seq, id);
CREATE INDEX items_held ON items (run) WHERE state IN ('claimed', 'sending');

-- One request of a paid call each. A row is durable before the first byte of its body leaves.
CREATE TABLE attempts (
    item TEXT NOT NULL,
    number BIGINT NOT NULL,
    run BIGINT NOT NULL,
    key BYTEA NOT NULL,              -- SHA-256 of the body
    begun BIGINT NOT NULL,
    ended BIGINT,                    -- NULL while it is on its way
    charge TEXT NOT NULL,            -- none, unknown, charged; unknown while it is on its way
    delivery TEXT,                   -- not_sent, partial, full; in_doubt if its process ended before it could tell
    error TEXT,
    status BIGINT,
    code TEXT,
    answer BYTEA,                    -- a small answer
    store TEXT,                      -- of a large answer: the store that has its file
    dropped BIGINT NOT NULL DEFAULT 0, -- 1: the user let the item be sent again all the same
    PRIMARY KEY (item, number)
);

CREATE TABLE runs (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    store TEXT NOT NULL,
    started BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    ended BIGINT                     -- by itself, or by another run after the lease had passed
);
CREATE INDEX runs_alive ON runs (lease_until) WHERE ended IS NULL;

-- Inputs that were planned to their end.
CREATE TABLE sources (
    name TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL
);

-- One row: the pace that all runs share.
CREATE TABLE pace (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    factor DOUBLE PRECISION NOT NULL,
    pause_until BIGINT NOT NULL,
    pause BIGINT NOT NULL,           -- the length of the last pause
    slowed BIGINT NOT NULL,          -- when the factor was halved last
    raised BIGINT NOT NULL,          -- when the factor rose last
    stopped TEXT                     -- why nothing is started any more
);
INSERT INTO pace VALUES (1, 1, 0, 0, 0, 0, NULL);

-- Sums over `attempts`, kept in the same transactions. They are spread over 64 rows, so that writers do not wait for each other.
CREATE TABLE spending (
    shard BIGINT NOT NULL PRIMARY KEY,
    charged BIGINT NOT NULL DEFAULT 0,
    unknown BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    not_sent BIGINT NOT NULL DEFAULT 0,
    complete BIGINT NOT NULL DEFAULT 0,
    in_doubt BIGINT NOT NULL DEFAULT 0
);
INSERT INTO spending (shard)
WITH RECURSIVE shards(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM shards WHERE n < 63) SELECT n FROM shards;
