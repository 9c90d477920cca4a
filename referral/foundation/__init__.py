"""Basics that know no word of the product: storage, money, time, identity, secrets, due work."""
