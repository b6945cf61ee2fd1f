-- The log: what each entry shows of itself, the tiles that are full, the heads that were signed, and who cosigned them.
-- Heads that were signed and do not fit what is committed are kept too: a copy from before must not go on as if nothing were missing.

ALTER TABLE entry ADD COLUMN IF NOT EXISTS leaf bytea NOT NULL DEFAULT '';

ALTER TABLE entry ADD COLUMN IF NOT EXISTS shown_us bigint NOT NULL DEFAULT 0;

CREATE INDEX IF NOT EXISTS entry_by_audience ON entry (arena, audience, position);

CREATE TABLE IF NOT EXISTS log_tile (
    arena text NOT NULL REFERENCES arena (name),
    level bigint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (arena, level, number)
);

CREATE TABLE IF NOT EXISTS checkpoint (
    arena text NOT NULL REFERENCES arena (name),
    tree_size bigint NOT NULL,
    root_hash bytea NOT NULL,
    signed_us bigint NOT NULL,
    note bytea NOT NULL,
    PRIMARY KEY (arena, tree_size)
);

CREATE TABLE IF NOT EXISTS cosigned (
    arena text NOT NULL REFERENCES arena (name),
    tree_size bigint NOT NULL,
    witness text NOT NULL,
    at_s bigint NOT NULL,
    line bytea NOT NULL,
    PRIMARY KEY (arena, tree_size, witness)
);

CREATE TABLE IF NOT EXISTS report (
    arena text NOT NULL REFERENCES arena (name),
    tree_size bigint NOT NULL,
    note bytea NOT NULL,
    PRIMARY KEY (arena, tree_size, note)
);
