"""What pages and programs ask about the whole: lists, sums, explanations; it keeps only audits."""
