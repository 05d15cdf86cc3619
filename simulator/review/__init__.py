"""The review desk: a person reads sessions, marks and mends them; on a page on loopback, or from the shell."""
