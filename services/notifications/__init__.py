"""Mails and their delivery: who is told what, once, in their language, and whether it was accepted.

Promises: a mail has a committed cause; it is written once and every try sends the same bytes under
the same Message-ID; `EmailSent` means that the mail server took it, never that it was delivered;
`EmailBounced` that it came back.
"""
