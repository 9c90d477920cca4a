"""What one currency is worth in another, as a business told us; knows no purchase and no reward."""

from referral.domain.currencies.conversion import Conversion, convert_on
from referral.domain.currencies.lists import read_list
from referral.domain.currencies.rates import (
    OLDEST,
    ExchangeRate,
    RateDiffers,
    RateTerms,
    read_rate,
    record_rates,
)

__all__ = [
    "OLDEST",
    "Conversion",
    "ExchangeRate",
    "RateDiffers",
    "RateTerms",
    "convert_on",
    "read_list",
    "read_rate",
    "record_rates",
]
