-- The channel's tables, as in the file of the same name for PostgreSQL.
-- Positions are not foreign keys: entries have no gap and are never deleted, so that continuity.py knows without a look at each.
-- Comments hold no semicolons. A file that was released is never edited, a new one is added.

CREATE TABLE IF NOT EXISTS arena (
    name text PRIMARY KEY,
    created_us integer NOT NULL,
    holder text NOT NULL DEFAULT '',
    epoch integer NOT NULL DEFAULT 0,
    address text NOT NULL DEFAULT '',
    expires_us integer NOT NULL DEFAULT 0,
    next_position integer NOT NULL DEFAULT 0,
    turns integer NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS entry (
    arena text NOT NULL REFERENCES arena (name),
    position integer NOT NULL,
    received_us integer NOT NULL,
    kind text NOT NULL,
    party text NOT NULL,
    key_id text NOT NULL,
    audience text NOT NULL,
    sequence integer NOT NULL,
    envelope blob NOT NULL,
    salt blob NOT NULL,
    PRIMARY KEY (arena, position),
    UNIQUE (arena, key_id, audience, sequence)
) STRICT;

CREATE INDEX IF NOT EXISTS entry_by_kind ON entry (arena, kind, position);

CREATE TABLE IF NOT EXISTS signer (
    arena text NOT NULL REFERENCES arena (name),
    key_id text NOT NULL,
    audience text NOT NULL,
    last_sequence integer NOT NULL,
    PRIMARY KEY (arena, key_id, audience)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS inbox (
    arena text NOT NULL REFERENCES arena (name),
    recipient text NOT NULL,
    next_number integer NOT NULL,
    PRIMARY KEY (arena, recipient)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS posting (
    arena text NOT NULL REFERENCES arena (name),
    recipient text NOT NULL,
    number integer NOT NULL,
    kind text NOT NULL,
    payload blob NOT NULL,
    tick_us integer NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (arena, recipient, number)
) STRICT;

CREATE TABLE IF NOT EXISTS held (
    arena text NOT NULL REFERENCES arena (name),
    sender text NOT NULL,
    view_id text NOT NULL,
    recipient text NOT NULL,
    version integer NOT NULL,
    level text NOT NULL,
    earliest_us integer NOT NULL,
    latest_us integer NOT NULL,
    position integer NOT NULL,
    ended_position integer,
    PRIMARY KEY (arena, sender, view_id, recipient, version)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS held_in_force ON held (arena, ended_position, position);

CREATE INDEX IF NOT EXISTS held_by_position ON held (arena, position);

CREATE INDEX IF NOT EXISTS held_by_recipient ON held (arena, recipient, position);

CREATE TABLE IF NOT EXISTS due (
    arena text NOT NULL REFERENCES arena (name),
    subject text NOT NULL,
    kind text NOT NULL,
    due_us integer NOT NULL,
    payload blob NOT NULL,
    PRIMARY KEY (arena, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS due_by_moment ON due (arena, due_us);

CREATE TABLE IF NOT EXISTS result (
    arena text NOT NULL REFERENCES arena (name),
    party text NOT NULL,
    submission text NOT NULL,
    digest blob NOT NULL,
    payload blob NOT NULL,
    PRIMARY KEY (arena, party, submission)
) STRICT;

CREATE TABLE IF NOT EXISTS token (
    digest blob PRIMARY KEY,
    arena text NOT NULL REFERENCES arena (name),
    party text NOT NULL,
    role text NOT NULL,
    officer text NOT NULL,
    created_us integer NOT NULL,
    expires_us integer NOT NULL,
    revoked_us integer
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS token_by_arena ON token (arena, created_us, digest);
