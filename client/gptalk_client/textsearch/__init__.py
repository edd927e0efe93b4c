"""Full-text matching: folding, query syntax and snippets, for the store and for find in a transcript."""
