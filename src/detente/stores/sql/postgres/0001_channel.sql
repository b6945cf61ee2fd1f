-- The channel's tables. Every statement may run twice: not every server with PostgreSQL's wire takes table changes back with the transaction.
-- Positions are not foreign keys: entries have no gap and are never deleted, so that continuity.py knows without a look at each.
-- Comments hold no semicolons. A file that was released is never edited, a new one is added.

CREATE TABLE IF NOT EXISTS arena (
    name text PRIMARY KEY,
    created_us bigint NOT NULL,
    holder text NOT NULL DEFAULT '',
    epoch bigint NOT NULL DEFAULT 0,
    address text NOT NULL DEFAULT '',
    expires_us bigint NOT NULL DEFAULT 0,
    next_position bigint NOT NULL DEFAULT 0,
    turns bigint NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS entry (
    arena text NOT NULL REFERENCES arena (name),
    position bigint NOT NULL,
    received_us bigint NOT NULL,
    kind text NOT NULL,
    party text NOT NULL,
    key_id text NOT NULL,
    audience text NOT NULL,
    sequence bigint NOT NULL,
    envelope bytea NOT NULL,
    salt bytea NOT NULL,
    PRIMARY KEY (arena, position),
    UNIQUE (arena, key_id, audience, sequence)
);

CREATE INDEX IF NOT EXISTS entry_by_kind ON entry (arena, kind, position);

CREATE TABLE IF NOT EXISTS signer (
    arena text NOT NULL REFERENCES arena (name),
    key_id text NOT NULL,
    audience text NOT NULL,
    last_sequence bigint NOT NULL,
    PRIMARY KEY (arena, key_id, audience)
);

CREATE TABLE IF NOT EXISTS inbox (
    arena text NOT NULL REFERENCES arena (name),
    recipient text NOT NULL,
    next_number bigint NOT NULL,
    PRIMARY KEY (arena, recipient)
);

CREATE TABLE IF NOT EXISTS posting (
    arena text NOT NULL REFERENCES arena (name),
    recipient text NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    payload bytea NOT NULL,
    tick_us bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (arena, recipient, number)
);

CREATE TABLE IF NOT EXISTS held (
    arena text NOT NULL REFERENCES arena (name),
    sender text NOT NULL,
    view_id text NOT NULL,
    recipient text NOT NULL,
    version bigint NOT NULL,
    level text NOT NULL,
    earliest_us bigint NOT NULL,
    latest_us bigint NOT NULL,
    position bigint NOT NULL,
    ended_position bigint,
    PRIMARY KEY (arena, sender, view_id, recipient, version)
);

CREATE INDEX IF NOT EXISTS held_in_force ON held (arena, ended_position, position);

CREATE INDEX IF NOT EXISTS held_by_position ON held (arena, position);

CREATE INDEX IF NOT EXISTS held_by_recipient ON held (arena, recipient, position);

CREATE TABLE IF NOT EXISTS due (
    arena text NOT NULL REFERENCES arena (name),
    subject text NOT NULL,
    kind text NOT NULL,
    due_us bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (arena, subject)
);

CREATE INDEX IF NOT EXISTS due_by_moment ON due (arena, due_us);

CREATE TABLE IF NOT EXISTS result (
    arena text NOT NULL REFERENCES arena (name),
    party text NOT NULL,
    submission text NOT NULL,
    digest bytea NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (arena, party, submission)
);

CREATE TABLE IF NOT EXISTS token (
    digest bytea PRIMARY KEY,
    arena text NOT NULL REFERENCES arena (name),
    party text NOT NULL,
    role text NOT NULL,
    officer text NOT NULL,
    created_us bigint NOT NULL,
    expires_us bigint NOT NULL,
    revoked_us bigint
);

CREATE INDEX IF NOT EXISTS token_by_arena ON token (arena, created_us, digest);
