-- The log: what each entry shows of itself, the tiles that are full, the heads that were signed, and who cosigned them.
-- Heads that were signed and do not fit what is committed are kept too: a copy from before must not go on as if nothing were missing.

ALTER TABLE entry ADD COLUMN leaf blob NOT NULL DEFAULT x'';

ALTER TABLE entry ADD COLUMN shown_us integer NOT NULL DEFAULT 0;

CREATE INDEX IF NOT EXISTS entry_by_audience ON entry (arena, audience, position);

CREATE TABLE IF NOT EXISTS log_tile (
    arena text NOT NULL REFERENCES arena (name),
    level integer NOT NULL,
    number integer NOT NULL,
    hashes blob NOT NULL,
    root blob NOT NULL,
    PRIMARY KEY (arena, level, number)
) STRICT;

CREATE TABLE IF NOT EXISTS checkpoint (
    arena text NOT NULL REFERENCES arena (name),
    tree_size integer NOT NULL,
    root_hash blob NOT NULL,
    signed_us integer NOT NULL,
    note blob NOT NULL,
    PRIMARY KEY (arena, tree_size)
) STRICT;

CREATE TABLE IF NOT EXISTS cosigned (
    arena text NOT NULL REFERENCES arena (name),
    tree_size integer NOT NULL,
    witness text NOT NULL,
    at_s integer NOT NULL,
    line blob NOT NULL,
    PRIMARY KEY (arena, tree_size, witness)
) STRICT;

CREATE TABLE IF NOT EXISTS report (
    arena text NOT NULL REFERENCES arena (name),
    tree_size integer NOT NULL,
    note blob NOT NULL,
    PRIMARY KEY (arena, tree_size, note)
) STRICT;
