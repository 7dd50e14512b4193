"""M3-AD-Bench: one model judged on a frozen set of cases, beside others and beside what the paper printed."""
