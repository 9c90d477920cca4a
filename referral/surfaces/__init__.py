"""Who is asking and how they prove it: the doors people and programs come in by."""
