/** A party's own signature: each act the next of its key for its audience; as `detente.client.signer`. */

import type { Signer } from "../notice/index.js";
import { ACT_TYPE, canonical, digestOf, type SeenCheckpoint } from "../record/index.js";
import { sign, type SigningKey } from "../signing/index.js";

const VERSION = 1;

export interface Place {
  readonly sequence: number;
  readonly digest: string;
}

export interface SignerOptions {
  readonly key: SigningKey;
  readonly arena: string;
  readonly party: string;
  /** The key's last act for each audience, as the channel has them. */
  readonly lasts: ReadonlyMap<string, Place>;
  /** The author's own clock; what it says is the author's word. */
  readonly clockUs: () => number;
  /** The head of the arena's log that every act names; null where none is known. */
  readonly seen: SeenCheckpoint | null;
}

export function signer({ key, arena, party, lasts, clockUs, seen }: SignerOptions): Signer {
  const places = new Map(lasts);
  return {
    async sign(kind, audience, body, more = {}) {
      const last = places.get(audience);
      const sequence = (last?.sequence ?? 0) + 1;
      const payload = canonical({
        version: VERSION,
        type: kind,
        arena,
        party,
        audience,
        key: key.publicKey.id,
        sequence,
        previous: last?.digest ?? null,
        made_at_us: Math.floor(clockUs()),
        checkpoint: seen && { tree_size: seen.treeSize, root_hash: seen.rootHash },
        view: more.view ?? null,
        body,
      });
      const envelope = await sign(payload, ACT_TYPE, key);
      places.set(audience, { sequence, digest: await digestOf(envelope) });
      return envelope;
    },
  };
}
