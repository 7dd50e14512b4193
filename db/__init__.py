"""The store: SQLAlchemy inside, records outside. Callers use `db.store.Store`."""
