"""Mail as it leaves: one message to one recipient, by SMTP or into a folder; knows no notice."""

from referral.gateways.mail.letters import Mail
from referral.gateways.mail.sending import MailTrouble, Permanent, Retryable, send

__all__ = ["Mail", "MailTrouble", "Permanent", "Retryable", "send"]
