"""The acts at a provider, one module each: what is asked, how it is sent and found again.

They know no queue and no transaction; `worker.grants` decides when each part runs.
"""

from referral.worker.acts.act import Act, NothingLeft, done_of
from referral.worker.acts.acts import act_of

__all__ = ["Act", "NothingLeft", "act_of", "done_of"]
