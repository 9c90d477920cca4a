"""Free periods of a subscription, parts of own payments, and codes that are withdrawn."""

import sqlalchemy as sa
from alembic import op

from referral.foundation.checks import replace_check

revision = "0009"
down_revision = "0004"
branch_labels = None
depends_on = None
