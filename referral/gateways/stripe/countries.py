"""Where somebody who is paid may live: the countries Stripe can send a share of money to.

From Stripe's list of countries for cross-border payouts and of its own markets
(docs.stripe.com/connect/cross-border-payouts). Stripe has the last word for each pair of countries
and refuses what it cannot do.
"""

COUNTRIES = (  # noqa: SIM905
    "AE AG AL AM AO AR AT AU AZ BA BD BE BG BH BJ BN BO BR BS BT BW CA CH CI CL CO CR CY CZ DE "
    "DK DO DZ EC EE EG ES ET FI FR GA GB GH GI GM GR GT GY HK HR HU ID IE IL IN IS IT JM JO JP "
    "KE KH KR KW KZ LA LC LI LK LT LU LV MA MC MD MG MK MN MO MT MU MX MY MZ NA NE NG NL NO NZ "
    "OM PA PE PH PK PL PT PY QA RO RS RW SA SE SG SI SK SM SN SV TH TN TR TT TW TZ US UY UZ VN "
    "ZA"
).split(" ")
"""Two letters each (ISO 3166-1)."""
