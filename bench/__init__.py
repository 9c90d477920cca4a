"""`make bench`: the hot paths under load, each beside the bare limit of the same run.

It knows the product only from outside: a database, a server's address, and processes in /proc.
"""
