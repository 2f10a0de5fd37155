"""Where the log, the state and the records are kept, one module a store."""
