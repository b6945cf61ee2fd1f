-- When each version could be seen, and its end, so that history tells of a moment what was shown by then. Indexes by party, for its own past.

ALTER TABLE held ADD COLUMN IF NOT EXISTS shown_us bigint NOT NULL DEFAULT 0;

ALTER TABLE held ADD COLUMN IF NOT EXISTS ended_us bigint;

CREATE INDEX IF NOT EXISTS held_by_pair ON held (arena, recipient, sender, position);

CREATE INDEX IF NOT EXISTS entry_by_party ON entry (arena, party, position);
