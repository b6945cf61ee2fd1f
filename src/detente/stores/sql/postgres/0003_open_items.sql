-- How far each version has got, and what each party still has to do. A row is never changed but for when it closed, so that
-- what a party reads at a moment is what stood open then. Those that closed long ago are deleted.

ALTER TABLE held ADD COLUMN IF NOT EXISTS stage text NOT NULL DEFAULT 'received';

CREATE TABLE IF NOT EXISTS open_item (
    arena text NOT NULL REFERENCES arena (name),
    party text NOT NULL,
    subject text NOT NULL,
    kind text NOT NULL,
    urgency bigint NOT NULL,
    shown_us bigint NOT NULL,
    due_us bigint NOT NULL,
    closed_us bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (arena, party, subject, shown_us)
);

CREATE INDEX IF NOT EXISTS open_item_in_order ON open_item (arena, party, urgency, due_us, shown_us, subject);

CREATE INDEX IF NOT EXISTS open_item_by_close ON open_item (arena, closed_us);
