"""Studies that write pages of docs/: findings, what the answer depends on, tuition, signs, uncertainty, ODD."""
