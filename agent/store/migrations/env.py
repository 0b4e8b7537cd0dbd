"""Alembic's entry point; the connection and its transaction come from `leverwatch.agent.store.migrate`."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
