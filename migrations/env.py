"""How Alembic finds the database and the models."""

from logging.config import fileConfig
from pathlib import Path

from alembic import context
from flask import current_app

from referral.foundation.db import db

config = context.config
if config.config_file_name and Path(config.config_file_name).exists() and not current_app.testing:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def run_migrations() -> None:
    """Migrate through the application's own engine, each revision in its own transaction."""
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            transaction_per_migration=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
