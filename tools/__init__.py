"""What developers run: the tasks of the Makefile and the practice Stripe."""
