"""What pages and programs ask about the whole: lists, sums and explanations; it never writes."""
