"""The channel: what parties tell one another, who is told, what is answered and by when. Knows nothing of SQL or HTTP."""
