"""HTTP plumbing every surface shares: guards, sessions, errors, headers, limits, logs, health."""
