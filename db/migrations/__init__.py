"""How a database gets from one schema to the next: Alembic, run by `db.engine.migrate`."""
