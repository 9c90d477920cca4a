"""Everything that talks to the outside; no transaction is open while one does."""
